import { defineCommand } from 'citty';
import type { EngineSetup } from '../capacity/capacity.ts';
import { computeApart } from '../capacity/compute/compute-thread.ts';
import { ENGINE_LIMITS } from '../capacity/plan/candidates.ts';
import type { SimulationResult } from '../capacity/simulator/simulate.ts';
import { BUILT_IN_TRACES } from '../capacity/simulator/trace-file.ts';
import { atRate, repeated, shapeOf, type Workload } from '../capacity/simulator/workload.ts';
import {
  PRECISIONS,
  readCount,
  readGpus,
  readModel,
  readOne,
  readRate,
  readTrace,
} from './capacity-flags.ts';
import { type CliIo, type CommandData, paint, printJson, usageError } from './io.ts';
import { createProgress } from './progress.ts';
import { formatCount, formatDuration } from './when.ts';

/** `trimtab capacity simulate`. Needs no server and sends nothing. */
export const simulateCommand = defineCommand({
  meta: {
    name: 'simulate',
    description: 'Simulate calls on replicas of a model: latency, utilisation, tokens',
  },
  args: {
    model: { type: 'string', description: 'Open model, by id or hub name', valueHint: 'model' },
    gpu: { type: 'string', description: 'GPU, by id' },
    'gpus-per-replica': { type: 'string', default: '1', description: 'GPUs that hold one replica' },
    replicas: { type: 'string', default: '1', description: 'Replicas behind a balancer' },
    weights: { type: 'string', default: 'bf16', description: `Width of weights: ${PRECISIONS.join(', ')}` },
    trace: {
      type: 'string',
      default: BUILT_IN_TRACES[0],
      description: `${BUILT_IN_TRACES.join(', ')}, or a CSV file: moment, input tokens, output tokens`,
    },
    calls: { type: 'string', description: 'Calls; the trace is repeated. Default: the trace once' },
    'calls-per-second': { type: 'string', description: 'Default: the pace of the trace' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const model = readModel(args.model);
    const [gpu, ...others] = readGpus(args.gpu);
    if (args.gpu === undefined || !gpu || others.length > 0) throw usageError('--gpu: name one');
    const setup: EngineSetup = {
      engine: 'vLLM',
      model,
      gpu,
      gpusPerReplica: readCount(args['gpus-per-replica'], 'gpus-per-replica'),
      weights: readOne(args.weights, { flag: 'weights', of: PRECISIONS }),
      cache: 'bf16',
      ...ENGINE_LIMITS,
    };
    const trace = readTrace(io, args.trace);
    const calls = args.calls === undefined ? trace.atMs.length : readCount(args.calls, 'calls');
    const workload = atRate(repeated(trace, calls), readRate(args['calls-per-second'], trace));
    const question = { setup, workload, replicas: readCount(args.replicas, 'replicas') };
    const progress = createProgress(io, 'Simulating');
    const result = await computeApart('simulation', question, {
      signal: io.signal,
      onProgress: (share, done) => progress.show(share, done),
    }).finally(() => progress.clear());
    if (args.json) printJson(io, result);
    else print(io, result, workload);
  },
});

function print(io: CliIo, result: SimulationResult, workload: Workload): void {
  const { callsPerSecond, meanInputTokens, meanOutputTokens } = shapeOf(workload);
  const times = (name: string, { p50, p95, p99 }: SimulationResult['ttftMs']): string =>
    `${name.padEnd(12)}p50 ${formatDuration(p50)}, p95 ${formatDuration(p95)}, p99 ${formatDuration(p99)}`;
  const percent = (share: number | null): string =>
    share === null ? 'none' : `${(share * 100).toFixed(0)} %`;
  const lines = [
    paint(
      io,
      'bold',
      `${formatCount(result.calls)} calls, ${callsPerSecond.toPrecision(3)} a second of ${meanInputTokens.toFixed(0)} + ${meanOutputTokens.toFixed(0)} tokens`,
    ),
    times('TTFT', result.ttftMs),
    times('TPOT', result.tpotMs),
    times('whole', result.endToEndMs),
    times('queue', result.queueMs),
    `${percent(result.utilisation)} busy, ${result.meanBatch.toPrecision(3)} sequences at once, cache up to ${percent(result.cachePeakShare)}, ${formatCount(result.preemptions)} preemptions`,
    `${result.outputTokensPerSecond.toFixed(0)} output tokens a second; ${formatCount(result.refused)} calls fit no replica`,
  ];
  io.out(`${lines.join('\n')}\n`);
}
