import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import type { GpuPrice, LatencyTarget } from '../capacity/capacity.ts';
import { computeApart } from '../capacity/compute/compute-thread.ts';
import { gpuPrices } from '../capacity/facts/index.ts';
import serving from '../capacity/facts/serving.json' with { type: 'json' };
import { toDeploymentFiles } from '../capacity/plan/deployment-files.ts';
import type { Plan, PlanLoser, PlanOption } from '../capacity/plan/plan.ts';
import { BUILT_IN_TRACES } from '../capacity/simulator/trace-file.ts';
import type { Interval } from '../core/interval.ts';
import type { StackInput } from '../stack/schema.ts';
import { PRECISIONS, readGpus, readList, readModel, readMs, readRate, readTrace } from './capacity-flags.ts';
import { clientArgs } from './client.ts';
import { toConfigText } from './config-template.ts';
import { CliError, type CliIo, type CommandData, EXIT, paint, printJson } from './io.ts';
import { readLoadTests } from './load-tests.ts';
import { createProgress } from './progress.ts';
import { type Column, renderTable } from './table.ts';
import { formatDuration, formatMoment } from './when.ts';

const KINDS: readonly GpuPrice['kind'][] = ['on-demand', 'spot', 'reserved', 'owned'];
/** Losers named on the terminal; `--json` names all. */
const SHOWN_LOSERS = 12;

/** `trimtab plan`. Needs no server and sends nothing; load tests are read where a server or a data folder is at hand. */
export const planCommand = defineCommand({
  meta: {
    name: 'plan',
    description: 'Cheapest GPUs that serve an open model within a latency target',
  },
  args: {
    model: {
      type: 'string',
      description: 'Open model, by id or hub name: llama-3.3-70b',
      valueHint: 'model',
    },
    trace: {
      type: 'string',
      default: BUILT_IN_TRACES[0],
      description: `${BUILT_IN_TRACES.join(', ')}, or a CSV file: moment, input tokens, output tokens`,
    },
    'calls-per-second': {
      type: 'string',
      description: 'Load of all replicas; default: the pace of the trace',
    },
    'ttft-p95': {
      type: 'string',
      default: '2s',
      description: 'Time to first token, 95th percentile: 800ms, 2s',
    },
    'tpot-p95': { type: 'string', description: 'Time per output token, 95th percentile: 50ms' },
    gpu: { type: 'string', description: 'Only these GPUs, with commas; default: all that have a price' },
    precision: {
      type: 'string',
      default: 'bf16,fp8',
      description: `Widths of weights: ${PRECISIONS.join(', ')}. Narrower ones answer differently: evaluate`,
    },
    prices: { type: 'string', default: 'on-demand', description: `Kinds of price: ${KINDS.join(', ')}` },
    spot: { type: 'boolean', description: 'Spot prices too' },
    failover: { type: 'boolean', description: 'One replica more than the load needs' },
    write: {
      type: 'string',
      description: 'Write compose.yaml, kubernetes.yaml and the config of the best into a folder',
      valueHint: 'dir',
    },
    ...clientArgs,
    json: { type: 'boolean', description: 'Print JSON, with every figure and source' },
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const workload = readTrace(io, args.trace);
    const kinds = readList(args.prices, { flag: 'prices', of: KINDS });
    const model = readModel(args.model);
    const loadTests = await readLoadTests(io, args['data-dir']);
    const progress = createProgress(io, 'Sizing');
    const question = {
      model,
      gpus: readGpus(args.gpu),
      precisions: readList(args.precision, { flag: 'precision', of: PRECISIONS }),
      prices: gpuPrices,
      priceKinds: args.spot && !kinds.includes('spot') ? [...kinds, 'spot' as const] : kinds,
      workload,
      callsPerSecond: readRate(args['calls-per-second'], workload),
      target: readTarget(args['ttft-p95'], args['tpot-p95']),
      failover: args.failover === true,
      loadTests,
    };
    const plan = await computeApart('plan', question, {
      signal: io.signal,
      onProgress: (share, done) => progress.show(share, done),
    }).finally(() => progress.clear());
    if (args.json) printJson(io, plan);
    else printPlan(io, plan);
    if (plan.best !== null && args.write !== undefined) writeFiles(io, plan.best, args.write);
    if (plan.best === null) throw new CliError(EXIT.failed, 'No configuration meets the target.');
  },
});

/** Existing files stay as they are: a folder that has one of them is refused. */
function writeFiles(io: CliIo, best: PlanOption, dir: string): void {
  const { model } = best.setup;
  const provider = {
    type: serving.providerType,
    baseUrl: 'http://model-server:8000/v1',
    apiKey: { env: 'VLLM_API_KEY' },
    dataPolicy: { party: 'own' as const },
  };
  const deployment = { provider: 'gpus', model: model.id, price: { usdPerHour: best.usdPerHour } };
  const config = { providers: { gpus: provider }, deployments: { [model.id]: deployment } };
  try {
    const files = {
      ...toDeploymentFiles(best),
      'trimtab.config.ts': toConfigText(config as StackInput, 'ts'),
    };
    mkdirSync(resolve(io.cwd, dir), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(resolve(io.cwd, dir, name), text, { flag: 'wx' });
      io.err(`${dir}/${name}\n`);
    }
  } catch (cause) {
    throw new CliError(EXIT.failed, `--write: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function readTarget(ttft: string, tpot: string | undefined): LatencyTarget {
  return {
    ttftP95Ms: readMs(ttft, 'ttft-p95'),
    tpotP95Ms: tpot === undefined ? null : readMs(tpot, 'tpot-p95'),
    endToEndP95Ms: null,
  };
}

const usd = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
const range = ({ low, high }: Interval): string => `${low.toPrecision(3)} to ${high.toPrecision(3)}`;
const gpusOf = ({ gpuCount, setup }: PlanOption): string => `${gpuCount} x ${setup.gpu.id}`;
const layoutOf = ({ replicas, setup }: PlanOption): string => `${replicas} x TP ${setup.gpusPerReplica}`;

const OPTION_COLUMNS: Column<PlanOption>[] = [
  { title: 'GPUs', cell: gpusOf },
  { title: 'replicas', cell: layoutOf },
  { title: 'weights', cell: ({ setup }) => setup.weights },
  { title: 'price', cell: ({ price }) => `${price.kind}, ${price.provider}`, drop: 1 },
  { title: 'USD an hour', align: 'right', cell: ({ usdPerHour }) => usd(usdPerHour) },
  { title: 'USD a month', align: 'right', cell: ({ usdPerMonth }) => usd(usdPerMonth), drop: 2 },
  { title: 'USD/M tokens', align: 'right', cell: (option) => range(option.usdPerMillionTokens) },
  { title: 'p95 TTFT', align: 'right', cell: ({ latency }) => formatDuration(latency?.ttftP95Ms ?? null) },
  { title: 'p95 TPOT', align: 'right', cell: ({ latency }) => formatDuration(latency?.tpotP95Ms ?? null) },
];

const LOSER_COLUMNS: Column<PlanLoser>[] = [
  { title: 'not chosen', cell: loserName },
  { title: 'why', cell: ({ reason }) => reason, min: 30 },
];

function loserName({ gpu, gpusPerReplica, weights, kind }: PlanLoser): string {
  const name = gpusPerReplica === null ? gpu : `${gpusPerReplica} x ${gpu}`;
  return [name, weights, kind].filter((part) => part !== null).join(', ');
}

/** What is measured says which test, and how old it is. */
function sourceOf(io: CliIo, { source, loadTest }: PlanOption['capacity']): string {
  return loadTest ? `${source} ${loadTest.id}, ${formatMoment(loadTest.at, io.now())}` : source;
}

function printPlan(io: CliIo, plan: Plan): void {
  const { best, workload, target, callsPerSecond } = plan;
  const asked = [
    target.ttftP95Ms !== null && `p95 TTFT up to ${formatDuration(target.ttftP95Ms)}`,
    target.tpotP95Ms !== null && `p95 TPOT up to ${formatDuration(target.tpotP95Ms)}`,
  ].filter((part) => part !== false);
  io.out(
    `${callsPerSecond.toPrecision(3)} calls a second of ${workload.meanInputTokens.toFixed(0)} + ${workload.meanOutputTokens.toFixed(0)} tokens, ${asked.join(', ')}\n\n`,
  );
  if (best) {
    const { capacity, price, setup } = best;
    io.out(
      `${paint(io, 'bold', `${gpusOf(best)}: ${usd(best.usdPerHour)} USD an hour`)}, ${usd(best.usdPerMonth)} a month\n`,
    );
    io.out(
      `${layoutOf(best)}${plan.failover ? ' (one may fail)' : ''}, ${setup.weights}, ${setup.engine}; one sustains ${range(capacity.callsPerSecond)} calls a second (${sourceOf(io, capacity)})\n`,
    );
    io.out(
      `${range(best.usdPerMillionTokens)} USD per million tokens, ${range(best.usdPerMillionOutputTokens)} per million output tokens\n`,
    );
    io.out(
      `${price.kind} at ${price.provider}, ${price.usdPerGpuHour} USD a GPU hour (${price.source.by}, ${price.source.date})\n\n`,
    );
    io.out(renderTable(io, OPTION_COLUMNS, { rows: [best, ...plan.alternatives] }));
  }
  const shown = plan.losers.slice(0, SHOWN_LOSERS);
  if (shown.length > 0) io.out(`\n${renderTable(io, LOSER_COLUMNS, { rows: shown })}`);
  if (plan.losers.length > shown.length) io.out(`… ${plan.losers.length - shown.length} more with --json\n`);
  io.out(
    '\nPlanned at the low side of the performance model’s error (trimtab capacity error; docs/plan.md).\n',
  );
}
