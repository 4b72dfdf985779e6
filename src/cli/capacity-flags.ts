/** Flags that commands of capacity share. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  BUILT_IN_TRACES,
  isBuiltInTrace,
  parseTrace,
  readBuiltInTrace,
  TraceError,
} from '../capacity/simulator/trace-file.ts';
import type { Workload } from '../capacity/simulator/workload.ts';
import { didYouMean } from '../stack/nearest.ts';
import { type CliIo, usageError } from './io.ts';

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
