import { setTimeout as pause } from 'node:timers/promises';
import { confirm, isCancel } from '@clack/prompts';
import { defineCommand } from 'citty';
import type { LoadTest, TestedSetup } from '../capacity/load-test/load-test.ts';
import { LOAD_PARTS } from '../capacity/load-test/run-load-test.ts';
import { BUILT_IN_TRACES, isBuiltInTrace } from '../capacity/simulator/trace-file.ts';
import type { LoadTestAnswer, LoadTestExpected, LoadTestsAnswer } from '../control/api-types.ts';
import { renderExpected, renderLoadTest, renderLoadTests } from './bench-report.ts';
import { PRECISIONS, readCount, readList, readMs, readNumber, readOne, readTrace } from './capacity-flags.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, printJson, usageError } from './io.ts';
import { createProgress } from './progress.ts';

const ASK_EVERY_MS = 500;
/** Calls sent along of a longer trace: its first. */
const MOST_CALLS = 5_000;
const ENGINES: readonly TestedSetup['engine'][] = ['vLLM', 'TensorRT-LLM'];
const TOKENS_FIELDS = ['max_tokens', 'max_completion_tokens'] as const;

const listCommand = defineCommand({
  meta: { name: 'list', description: 'The newest 50 load tests' },
  args: { deployment: { type: 'string', description: 'Of this deployment' }, ...clientArgs },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const { deployment } = args;
      const answer = await client.get<LoadTestsAnswer>('/api/v1/load-tests', { deployment });
      if (args.json) printJson(io, answer);
      else io.out(renderLoadTests(answer.loadTests, io));
    });
  },
});

/** `show` and `delete`: one load test. */
function oneCommand(verb: 'show' | 'delete', description: string) {
  return defineCommand({
    meta: { name: verb, description },
    args: { id: { type: 'positional', required: true, description: 'Load test id' }, ...clientArgs },
    async run({ args, data }) {
      const { io } = data as CommandData;
      await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
        const path = pathOf(args.id);
        const test =
          verb === 'show'
            ? await client.get<LoadTestAnswer>(path)
            : await client.delete<LoadTestAnswer>(path);
        if (args.json) printJson(io, test);
        else io.out(verb === 'show' ? renderLoadTest(test, io) : `${test.id} is deleted.\n`);
      });
    },
  });
}

const benchArgs = {
  deployment: {
    type: 'positional',
    required: false,
    description: 'Deployment of the stack, or provider/model',
  },
  trace: { type: 'string', description: `Calls to send: ${BUILT_IN_TRACES.join(', ')}, or a CSV file` },
  task: { type: 'string', description: 'Calls to send: sizes and busiest hour of this task' },
  input: {
    type: 'string',
    default: '512',
    description: 'Input tokens of a call, without --trace and --task',
  },
  output: { type: 'string', default: '128', description: 'Output tokens of a call, without them' },
  parts: { type: 'string', default: 'sweep,search', description: `What to run: ${LOAD_PARTS.join(', ')}` },
  concurrency: { type: 'string', default: '1,2,4,8,16,32', description: 'Calls in flight, for the sweep' },
  'ttft-p95': { type: 'string', default: '2s', description: 'Target: time to first token, 95th percentile' },
  'tpot-p95': { type: 'string', description: 'Target: time per output token, 95th percentile' },
  stretch: { type: 'string', default: '30s', description: 'Length of each stretch, a fifth of it warm-up' },
  'first-rate': { type: 'string', description: 'Calls a second the search begins at' },
  'max-calls': { type: 'string', default: '2000', description: 'Calls at most' },
  'max-cost': { type: 'string', default: '5', description: 'USD at most' },
  unpriced: { type: 'boolean', description: 'Test a vendor’s deployment that has no price' },
  model: { type: 'string', description: 'What serves it: open model (capacity models)' },
  gpu: { type: 'string', description: 'What serves it: GPU (capacity gpus)' },
  'gpus-per-replica': { type: 'string', default: '1', description: 'GPUs that hold one replica' },
  replicas: { type: 'string', default: '1', description: 'Replicas behind the deployment' },
  weights: { type: 'string', default: 'bf16', description: `Width of weights: ${PRECISIONS.join(', ')}` },
  engine: { type: 'string', default: 'vLLM', description: ENGINES.join(', ') },
  'ignore-eos': { type: 'boolean', description: 'Ask for answers of full length (vLLM, SGLang)' },
  'tokens-field': { type: 'string', default: 'max_tokens', description: TOKENS_FIELDS.join(' or ') },
  yes: { type: 'boolean', description: 'Do not ask' },
  ...clientArgs,
} as const;

type Flag = Exclude<keyof typeof benchArgs, 'yes' | 'json' | 'unpriced' | 'ignore-eos'>;
type Args = Partial<Record<Flag, string | undefined>> &
  Partial<Record<'yes' | 'json' | 'unpriced' | 'ignore-eos', boolean | undefined>>;

/** `trimtab bench`. The server makes the calls; stopping this command stops them, and keeps what was measured. */
export const benchCommand = defineCommand({
  meta: {
    name: 'bench',
    description:
      'Load-test a deployment: what it sustains within a latency target. It costs what its calls cost',
  },
  subCommands: {
    list: listCommand,
    show: oneCommand('show', 'Every point of a load test'),
    delete: oneCommand('delete', 'Delete a load test that has ended'),
  },
  args: benchArgs,
  async run({ args, data }) {
    const { io } = data as CommandData;
    const body = readBody(io, args);
    return withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      if (client.url === null) {
        throw new CliError(EXIT.unreachable, `A server makes the calls. Start one: ${commandName()} start`);
      }
      const expected = await client.post<LoadTestExpected>('/api/v1/load-tests/expected', body);
      io.err(renderExpected(expected));
      if (!(await isWanted(io, args, expected))) return EXIT.failed;
      const begun = await client.post<LoadTestAnswer>('/api/v1/load-tests', body);
      const test = await follow(client, begun, io);
      if (args.json) printJson(io, test);
      else io.out(renderLoadTest(test, io));
      return test.ended === 'errors' || test.points.length === 0 ? EXIT.failed : EXIT.ok;
    });
  },
});

function pathOf(id: string): string {
  return `/api/v1/load-tests/${encodeURIComponent(id)}`;
}

function readBody(io: CliIo, args: Args): Record<string, unknown> {
  if (!args.deployment) {
    throw usageError(`Name a deployment: ${commandName()} bench llama --gpu h100-sxm --model llama-3.1-8b`);
  }
  return {
    deployment: args.deployment,
    workload: readWorkload(io, args),
    parts: readList(args.parts ?? '', { flag: 'parts', of: LOAD_PARTS }),
    target: {
      ttftP95Ms: readMs(args['ttft-p95'] ?? '', 'ttft-p95'),
      tpotP95Ms: args['tpot-p95'] === undefined ? null : readMs(args['tpot-p95'], 'tpot-p95'),
    },
    concurrency: (args.concurrency ?? '').split(',').map((level) => readCount(level, 'concurrency')),
    stretchSeconds: readMs(args.stretch ?? '', 'stretch') / 1000,
    firstRate: args['first-rate'] === undefined ? null : readNumber(args['first-rate'], 'first-rate'),
    maxCalls: readCount(args['max-calls'], 'max-calls'),
    maxUsd: readNumber(args['max-cost'], 'max-cost'),
    unpriced: args.unpriced === true,
    setup: readSetup(args),
    ignoreEos: args['ignore-eos'] === true,
    tokensField: readOne(args['tokens-field'], { flag: 'tokens-field', of: TOKENS_FIELDS }),
  };
}

function readWorkload(io: CliIo, args: Args): unknown {
  const { trace, task } = args;
  if (trace !== undefined && task !== undefined) throw usageError('--trace and --task exclude each other');
  if (task !== undefined) return { task };
  if (trace === undefined) {
    return {
      inputTokens: readCount(args.input, 'input'),
      outputTokens: readCount(args.output, 'output'),
    };
  }
  if (isBuiltInTrace(trace)) return { trace };
  const { atMs, inputTokens, outputTokens } = readTrace(io, trace);
  const calls = [...atMs.subarray(0, MOST_CALLS)].map((at, i) => [at, inputTokens[i], outputTokens[i]]);
  return { name: trace, calls };
}

function readSetup(args: Args): TestedSetup | null {
  const { model, gpu } = args;
  if (model === undefined && gpu === undefined) return null;
  if (model === undefined || gpu === undefined) throw usageError('--model and --gpu: name both or none');
  return {
    engine: readOne(args.engine, { flag: 'engine', of: ENGINES }),
    model,
    gpu,
    gpusPerReplica: readCount(args['gpus-per-replica'], 'gpus-per-replica'),
    weights: readOne(args.weights, { flag: 'weights', of: PRECISIONS }),
    replicas: readCount(args.replicas, 'replicas'),
  };
}

/** What is free, or has no bill, is not asked about; a program says `--yes`. */
async function isWanted(io: CliIo, args: Args, { mostUsd, sandbox }: LoadTestExpected): Promise<boolean> {
  if (args.yes || sandbox || (mostUsd === null && !args.unpriced)) return true;
  if (!io.interactive) throw usageError('A load test costs money: say --yes, and --max-cost');
  const answer = await confirm({ message: 'Begin?', initialValue: false });
  return !isCancel(answer) && answer;
}

/** Until it has ended. When the person stops this command, the test is cancelled and its end awaited. */
async function follow(client: Client, begun: LoadTestAnswer, io: CliIo): Promise<LoadTest> {
  const progress = createProgress(io, 'Testing');
  let test = begun;
  let isCancelled = false;
  while (test.endedAt === null) {
    if (io.signal.aborted && !isCancelled) {
      isCancelled = true;
      await client.post(`${pathOf(test.id)}/cancel`);
    }
    const { done, total } = test.progress ?? { done: 0, total: 1 };
    const state = isCancelled ? 'stopping, calls under way end' : `${test.points.length} points`;
    progress.show(done / total, `${done} of at most ${total} calls, ${state}`);
    await pause(ASK_EVERY_MS, undefined, isCancelled ? {} : { signal: io.signal }).catch(() => {});
    test = await client.get<LoadTestAnswer>(pathOf(test.id));
  }
  progress.clear();
  const { progress: _, ...rest } = test;
  return rest;
}
