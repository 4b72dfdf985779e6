/** Load tests on a terminal. */
import { type LoadPoint, type LoadTest, meetsTarget } from '../capacity/load-test/load-test.ts';
import type { LoadTestExpected } from '../control/api-types.ts';
import { formatUsd, toNanoUsd } from '../core/money.ts';
import { type CliIo, commandName, paint } from './io.ts';
import { type Column, printable, renderTable } from './table.ts';
import { formatCount, formatDuration, formatMoment } from './when.ts';

/** Three digits, or all before the point. */
const rate = (perSecond: number): string =>
  perSecond < 100 ? perSecond.toPrecision(3) : Math.round(perSecond).toLocaleString('en');
const usd = (value: number | null): string => formatUsd(value === null ? null : toNanoUsd(value));

const ENDS: Readonly<Record<NonNullable<LoadTest['ended']>, string>> = {
  done: 'done',
  cancelled: 'cancelled',
  'max-usd': 'stopped at its limit of money',
  'max-calls': 'stopped at its limit of calls',
  errors: 'given up: most calls failed',
  lost: 'its process ended before it did',
};

export function renderExpected(expected: LoadTestExpected): string {
  const { deployment, workload, meanInputTokens, meanOutputTokens, maxCalls, mostUsd, callUsd } = expected;
  const cost = expected.sandbox
    ? 'simulated, costs nothing'
    : mostUsd === null
      ? 'no price is known'
      : `at most ${usd(mostUsd)} (${usd(callUsd)} a call, ${expected.priceSource})`;
  return `${deployment}: up to ${formatCount(maxCalls)} calls of ${workload} (mean ${meanInputTokens.toFixed(0)} + ${meanOutputTokens.toFixed(0)} tokens), ${cost}\n`;
}

export function renderLoadTests(tests: readonly LoadTest[], io: CliIo): string {
  if (tests.length === 0) return `No load tests yet: ${commandName()} bench DEPLOYMENT\n`;
  const now = io.now();
  return renderTable<LoadTest>(
    io,
    [
      { title: 'id', cell: ({ id }) => id },
      { title: 'deployment', cell: ({ deployment }) => deployment, min: 12 },
      { title: 'calls/s', align: 'right', cell: bestRate },
      { title: 'target', cell: targetOf, drop: 2 },
      { title: 'of', cell: ({ workload }) => printable(workload), drop: 3 },
      { title: 'setup', cell: setupOf, drop: 1 },
      { title: 'state', cell: stateOf },
      { title: 'begun', cell: ({ createdAt }) => formatMoment(createdAt, now) },
    ],
    { rows: tests },
  );
}

export function renderLoadTest(test: LoadTest, io: CliIo): string {
  const { points, target, meanInputTokens, meanOutputTokens, calls, costUsd } = test;
  const tokens = (mean: number | null): string => (mean === null ? 'unknown' : mean.toFixed(0));
  const head = [
    `${paint(io, 'bold', test.deployment)}${test.sandbox ? ' (simulated)' : ''}: ${bestRate(test)} calls a second within ${targetOf(test)}`,
    `${test.id}, ${stateOf(test)}; ${formatCount(calls)} calls of ${printable(test.workload)}, counted as ${tokens(meanInputTokens)} + ${tokens(meanOutputTokens)} tokens; ${usd(costUsd)}`,
    `setup: ${setupOf(test)}`,
  ];
  const columns: Column<LoadPoint>[] = [
    { title: 'load', cell: loadOf },
    { title: 'calls/s', align: 'right', cell: ({ callsPerSecond }) => rate(callsPerSecond) },
    {
      title: 'tokens/s',
      align: 'right',
      cell: ({ outputTokensPerSecond }) => outputTokensPerSecond.toFixed(0),
    },
    { title: 'TTFT p50', align: 'right', cell: ({ ttftMs }) => formatDuration(ttftMs.p50), drop: 2 },
    { title: 'p95', align: 'right', cell: ({ ttftMs }) => formatDuration(ttftMs.p95) },
    { title: 'p99', align: 'right', cell: ({ ttftMs }) => formatDuration(ttftMs.p99), drop: 3 },
    { title: 'TPOT p50', align: 'right', cell: ({ tpotMs }) => formatDuration(tpotMs.p50), drop: 4 },
    { title: 'p95', align: 'right', cell: ({ tpotMs }) => formatDuration(tpotMs.p95) },
    { title: 'whole p95', align: 'right', cell: ({ endToEndMs }) => formatDuration(endToEndMs.p95), drop: 1 },
    { title: 'calls', align: 'right', cell: (point) => String(point.calls), drop: 5 },
    { title: 'errors', cell: errorsOf, style: ({ errors }) => (errors > 0 ? 'red' : undefined) },
    { title: 'target', cell: (point) => (meetsTarget(point, target) ? 'met' : 'missed') },
  ];
  const table = points.length === 0 ? 'Nothing was measured.\n' : renderTable(io, columns, { rows: points });
  return `${head.join('\n')}\n\n${table}`;
}

/** The highest rate that met the target. */
function bestRate({ points, target }: LoadTest): string {
  const met = points.filter((point) => meetsTarget(point, target));
  return met.length === 0 ? '-' : rate(Math.max(...met.map(({ callsPerSecond }) => callsPerSecond)));
}

function loadOf({ kind, concurrency, offeredCallsPerSecond }: LoadPoint): string {
  return concurrency !== null ? `${concurrency} in flight` : `${kind} ${rate(offeredCallsPerSecond ?? 0)}/s`;
}

function errorsOf({ errors, errorCodes }: LoadPoint): string {
  const [most] = errorCodes;
  return errors === 0 || !most ? '0' : `${errors} ${most.code}`;
}

function targetOf({ target }: LoadTest): string {
  const parts: [string, number | null][] = [
    ['TTFT', target.ttftP95Ms],
    ['TPOT', target.tpotP95Ms],
    ['whole', target.endToEndP95Ms],
  ];
  const asked = parts.flatMap(([name, ms]) => (ms === null ? [] : [`p95 ${name} ${formatDuration(ms)}`]));
  return asked.length === 0 ? 'no target' : asked.join(', ');
}

function setupOf({ setup }: LoadTest): string {
  if (!setup) return 'not said';
  const { engine, model, gpu, gpusPerReplica, replicas, weights } = setup;
  return `${engine}, ${model} ${weights}, ${replicas} x ${gpusPerReplica} x ${gpu}`;
}

function stateOf({ ended }: LoadTest): string {
  return ended === null ? 'under way' : ENDS[ended];
}
