/** Flags that commands of capacity share. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GpuFacts, ModelFacts, Precision } from '../capacity/capacity.ts';
import { findGpu, findModel, gpus, models } from '../capacity/facts/index.ts';
import {
  BUILT_IN_TRACES,
  isBuiltInTrace,
  parseTrace,
  readBuiltInTrace,
  TraceError,
} from '../capacity/simulator/trace-file.ts';
import { rateOf, type Workload } from '../capacity/simulator/workload.ts';
import { didYouMean } from '../stack/nearest.ts';
import { type CliIo, commandName, usageError } from './io.ts';

export const PRECISIONS: readonly Precision[] = ['bf16', 'fp8', 'int4', 'fp4'];

/** Names with commas, each once. */
export function readList<Name extends string>(
  written: string,
  { flag, of }: { flag: string; of: readonly Name[] },
): Name[] {
  const names = written.split(',').map((name) => {
    const found = of.find((one) => one === name.trim());
    if (found === undefined) {
      throw usageError(
        `--${flag}: "${name.trim()}" is none of ${of.join(', ')}${didYouMean(name.trim(), of)}`,
      );
    }
    return found;
  });
  return [...new Set(names)];
}

/** A trace that comes with Trimtab, or a CSV file. */
export function readTrace(io: CliIo, name: string): Workload {
  if (isBuiltInTrace(name)) return readBuiltInTrace(name);
  let text: string;
  try {
    text = readFileSync(resolve(io.cwd, name), 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : String(cause);
    throw usageError(`--trace: "${name}": ${why}${didYouMean(name, BUILT_IN_TRACES)}`);
  }
  try {
    return parseTrace(text);
  } catch (cause) {
    if (cause instanceof TraceError) throw usageError(`--trace ${name}: ${cause.message}`);
    throw cause;
  }
}

/** `50ms` or `2s`, above 0. */
export function readMs(written: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(written.trim());
  const ms = Number(match?.[1]) * (match?.[2] === 's' ? 1000 : 1);
  if (ms > 0) return ms;
  throw usageError(`--${flag}: "${written}" is not a time; write 50ms or 2s`);
}

export function readModel(name: string | undefined): ModelFacts {
  const ids = models.map(({ id }) => id);
  if (name === undefined) {
    throw usageError(`Name a model: ${commandName()} plan --model llama-3.3-70b --calls-per-second 5`);
  }
  const model = findModel(name);
  if (model) return model;
  const near = didYouMean(name, [...ids, ...models.map(({ hubName }) => hubName)]);
  throw usageError(`--model: no facts of "${name}"${near} (${commandName()} capacity models lists them)`);
}

export function readGpus(written: string | undefined): readonly GpuFacts[] {
  if (written === undefined) return gpus;
  return written.split(',').map((id) => {
    const gpu = findGpu(id.trim());
    if (gpu) return gpu;
    const near = didYouMean(
      id.trim(),
      gpus.map((one) => one.id),
    );
    throw usageError(`--gpu: no facts of "${id.trim()}"${near} (${commandName()} capacity gpus lists them)`);
  });
}

export function readRate(written: string | undefined, workload: Workload): number {
  const pace = rateOf(workload);
  if (!(pace > 0)) throw usageError('--trace: its calls span no time, so they have no pace to scale');
  if (written === undefined) return pace;
  const rate = Number(written);
  if (Number.isFinite(rate) && rate > 0) return rate;
  throw usageError(`--calls-per-second: "${written}" is not a number above 0`);
}

export function readOne<Name extends string>(
  written: string | undefined,
  choice: { flag: string; of: readonly Name[] },
): Name {
  const [name, ...more] = readList(written ?? '', choice);
  if (name !== undefined && more.length === 0) return name;
  throw usageError(`--${choice.flag} is one of ${choice.of.join(', ')}`);
}

export function readNumber(written: string | undefined, flag: string): number {
  const value = Number(written);
  if (Number.isFinite(value) && value > 0) return value;
  throw usageError(`--${flag}: "${written ?? ''}" is not a number above 0`);
}

export function readCount(written: string | undefined, flag: string): number {
  const value = readNumber(written, flag);
  if (Number.isInteger(value)) return value;
  throw usageError(`--${flag}: "${written ?? ''}" is not a whole number`);
}
