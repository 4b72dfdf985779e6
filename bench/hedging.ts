/**
 * What hedging does to the slow tail: `node bench/hedging.ts [calls] [at once]`.
 *
 * Two vendors answer streams after 150 to 250 ms, but 5 % of the answers after 3 s: long enough that the delays of a busy machine are
 * small beside it. The same number of calls without a hedge, with one after the percentile alone, and with the default, one after the other;
 * the first third of each warms the percentiles up and is not counted.
 */
import { DEFAULT_HEDGE } from '../src/stack/limits.ts';
import type { HedgeConfig } from '../src/stack/stack.ts';
import { runCalls, startFailingStack } from './failing-stack.ts';

const SLOW_SHARE = 0.05;
const SLOW_MS = 3000;
const FAST_MS = [150, 250] as const;
const count = Number(process.argv[2] ?? 1000);
const width = Number(process.argv[3] ?? 16);

async function measure(hedge: HedgeConfig | null) {
  const stack = await startFailingStack(hedge ? { hedge } : {});
  for (const vendor of [stack.first, stack.second]) {
    vendor.between = async (index) => {
      if (index > 0) return;
      const [least, most] = FAST_MS;
      const waitMs = Math.random() < SLOW_SHARE ? SLOW_MS : least + Math.random() * (most - least);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    };
  }
  await runCalls(stack, Math.floor(count / 3), width);
  stack.records.length = 0;
  const outcomes = await runCalls(stack, count, width);
  const sorted = outcomes.map(({ firstMs }) => firstMs).sort((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  const attempts = stack.records.flatMap((record) => record.attempts);
  const spent = attempts.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
  const answers = attempts.filter(({ outcome }) => outcome === 'ok');
  const needed = answers.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
  await stack.close();
  return {
    errors: outcomes.filter(({ ok }) => !ok).length,
    'p50 ms': at(0.5),
    'p95 ms': at(0.95),
    'p99 ms': at(0.99),
    hedged: `${((100 * attempts.filter(({ kind }) => kind === 'hedge').length) / count).toFixed(1)} %`,
    'extra spend': `${(100 * (spent / needed - 1)).toFixed(1)} %`,
  };
}

console.table({
  'without hedge': await measure(null),
  'percentile 95 only': await measure({ ...DEFAULT_HEDGE, afterMedians: 1000 }),
  'with `hedge: {}`': await measure(DEFAULT_HEDGE),
});
