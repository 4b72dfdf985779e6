/**
 * Published measurements the performance model is fitted to, with what is left out and why. The CSV files beside this one
 * are the publications' own rows; README.md there names sources and licences.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import type { EngineSetup, Precision } from '../capacity.ts';
import { findGpu, findModel } from '../facts/index.ts';
import type { SteadyWorkload } from '../performance/steady-state.ts';

export interface Measurement {
  source: 'TensorRT-LLM overview' | 'MLPerf' | 'Vultr';
  /** Model, GPU, tensor parallelism, precision and engine: what is left out together. */
  configuration: string;
  label: string;
  setup: EngineSetup;
  workload: SteadyWorkload;
  /** Of one replica. */
  outputTokensPerSecond: number;
}

export interface LeftOutRow {
  label: string;
  reason: string;
}

export interface CalibrationRows {
  measurements: Measurement[];
  outOfScope: LeftOutRow[];
}

type Row = Readonly<Record<string, string>>;
interface Published {
  source: Measurement['source'];
  label: string;
  model: string;
  gpu: string;
  gpusPerReplica: number;
  weights: Precision;
  cache: Precision;
  engine: EngineSetup['engine'];
  workload: SteadyWorkload;
  outputTokensPerSecond: number;
}

/** Mean prompt of the CNN/DailyMail validation set in Llama 3.1 tokens, and the answers' fixed length (tokens / samples of every row). */
export const MLPERF_INPUT_TOKENS = 778;
export const MLPERF_OUTPUT_TOKENS = 128;

const MLPERF_GPUS: Readonly<Record<string, string>> = {
  'NVIDIA H200-NVL-141GB': 'h200-nvl',
  'NVIDIA H200-SXM-141GB': 'h200-sxm',
  'NVIDIA H100-SXM-80GB': 'h100-sxm',
  'NVIDIA B200-SXM-180GB': 'b200',
  'NVIDIA RTX PRO 6000 Blackwell Server Edition': 'rtx-pro-6000',
  'NVIDIA L40S': 'l40s',
};
const OVERVIEW_MODELS: Readonly<Record<string, string>> = {
  'Llama-3.1-8B-Instruct': 'llama-3.1-8b',
  'Llama-3.3-70B-Instruct': 'llama-3.3-70b',
  'Qwen3-30B-A3B': 'qwen3-30b-a3b',
};
const OVERVIEW_GPUS: Readonly<Record<string, string>> = { H100: 'h100-sxm', H200: 'h200-sxm', B200: 'b200' };

/** Reads the files. Throws when a row names what the facts do not hold: the files are part of the program. */
export function readCalibrationRows(): CalibrationRows {
  const outOfScope: LeftOutRow[] = [];
  const published = [
    ...read('trtllm-perf-overview-v1.0.csv').map(fromOverview),
    ...read('mlperf-v5.1-llama3.1-8b.csv').flatMap((row) => fromMlperf(row, outOfScope)),
    ...read('vultr-nemotron-nano-30b-2xb200.csv').flatMap((row) => fromVultr(row, outOfScope)),
  ];
  return { measurements: published.map(toMeasurement), outOfScope };
}

function read(file: string): Row[] {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return parse(readFileSync(path, 'utf8'), { columns: true, skip_empty_lines: true }) as Row[];
}

function numberOf(row: Row, column: string): number {
  const value = Number(row[column]);
  if (!Number.isFinite(value) || row[column] === '') throw new Error(`calibration: ${column} is missing`);
  return value;
}

function fromOverview(row: Row): Published {
  const [gpu = '', parallel = '', precision = ''] = (row.config ?? '').split(' ');
  const inputTokens = numberOf(row, 'isl');
  const outputTokens = numberOf(row, 'osl');
  return {
    source: 'TensorRT-LLM overview',
    label: `${inputTokens}/${outputTokens}`,
    model: OVERVIEW_MODELS[row.model ?? ''] ?? '',
    gpu: OVERVIEW_GPUS[gpu] ?? '',
    gpusPerReplica: Number(parallel.slice(2)),
    weights: precision.toLowerCase() as Precision,
    cache: 'fp8',
    engine: 'TensorRT-LLM',
    workload: { inputTokens, outputTokens, concurrency: null },
    outputTokensPerSecond: numberOf(row, 'total_output_tokens_per_s'),
  };
}

function fromMlperf(row: Row, outOfScope: LeftOutRow[]): Published[] {
  const label = `${row.ID} ${row.Submitter} ${row.Scenario}`;
  const gpu = MLPERF_GPUS[row.Accelerator ?? ''];
  if (gpu === undefined) {
    const reason = row.Accelerator ? 'accelerator without facts here' : 'runs on CPUs';
    outOfScope.push({ label: `${label} (${row.Accelerator || row.Software?.split(':')[0]})`, reason });
    return [];
  }
  const engine = row.Software?.startsWith('vLLM') ? 'vLLM' : 'TensorRT-LLM';
  const replicas = numberOf(row, 'n_accel');
  const inFlight = (): number =>
    (numberOf(row, 'samples_per_s') * numberOf(row, 'e2e_mean_ms')) / 1_000 / replicas;
  return [
    {
      source: 'MLPerf',
      label,
      model: 'llama-3.1-8b',
      gpu,
      gpusPerReplica: 1,
      weights: row.weight_data_types as Precision,
      // vLLM keeps the cache in 16 bits unless told otherwise, and these rows do not tell.
      cache: engine === 'vLLM' ? 'bf16' : 'fp8',
      engine,
      workload: {
        inputTokens: MLPERF_INPUT_TOKENS,
        outputTokens: MLPERF_OUTPUT_TOKENS,
        concurrency: row.Scenario === 'Offline' ? null : inFlight(),
      },
      outputTokensPerSecond: numberOf(row, 'tokens_per_s') / replicas,
    },
  ];
}

/** By Little's law calls in flight are rate x time; a row whose figures miss its concurrency by half did not hold it. */
function fromVultr(row: Row, outOfScope: LeftOutRow[]): Published[] {
  const outputTokens = 512;
  const concurrency = numberOf(row, 'concurrency');
  const rate = numberOf(row, 'output_tokens_per_s') / outputTokens;
  const inFlight = (rate * (numberOf(row, 'ttft_ms') + numberOf(row, 'tpot_ms') * outputTokens)) / 1_000;
  if (inFlight < concurrency / 2) {
    const held = `rate x time says ${Math.round(inFlight)} calls were in flight`;
    outOfScope.push({ label: `Vultr, concurrency ${concurrency}`, reason: held });
    return [];
  }
  return [
    {
      source: 'Vultr',
      label: `2048/512, ${concurrency} in flight`,
      model: 'nemotron-3-nano-30b',
      gpu: 'b200',
      gpusPerReplica: 2,
      weights: 'fp8',
      cache: 'fp8',
      engine: 'vLLM',
      workload: { inputTokens: 2_048, outputTokens, concurrency: inFlight },
      outputTokensPerSecond: numberOf(row, 'output_tokens_per_s'),
    },
  ];
}

function toMeasurement(published: Published): Measurement {
  const { source, label, workload, outputTokensPerSecond, engine, gpusPerReplica, weights, cache } =
    published;
  const model = findModel(published.model);
  const gpu = findGpu(published.gpu);
  if (!model || !gpu) throw new Error(`calibration: no facts for ${published.model} on ${published.gpu}`);
  const limits = { maxSequences: MAX_SEQUENCES[engine], maxBatchedTokens: 8_192 };
  return {
    source,
    label,
    workload,
    outputTokensPerSecond,
    configuration: `${model.label}, ${gpusPerReplica} x ${gpu.label}, ${weights}, ${engine}`,
    setup: { engine, model, gpu, gpusPerReplica, weights, cache, ...limits },
  };
}

/** Throughput runs of TensorRT-LLM raise the batch; vLLM's rows state what was in flight. */
const MAX_SEQUENCES = { 'TensorRT-LLM': 2_048, vLLM: 1_024 } as const;
