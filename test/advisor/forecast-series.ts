/** Histories a forecast is backtested on: daily counts with a weekly season of six kinds, and a real trace by the minute. */
import { readBuiltInTrace } from '../../src/capacity/simulator/trace-file.ts';
import { createRandom } from '../../src/core/random.ts';
import type { BacktestSeries } from './backtest.ts';

const WEEK = [1.2, 1.25, 1.2, 1.15, 1.05, 0.6, 0.55];
const DAYS = 280;

/** Calls a day, and in the logarithm: scatter of a day, random change of the level a day, growth a month. */
interface Kind {
  calls: number;
  noise: number;
  walk: number;
  growth: number;
}

export const KINDS: Readonly<Record<string, Kind>> = {
  'steady, 2,000 a day, 5 % scatter': { calls: 2_000, noise: 0.05, walk: 0, growth: 0 },
  'growing 5 % a month': { calls: 2_000, noise: 0.1, walk: 0.005, growth: 0.05 },
  'drifting, 15 % scatter': { calls: 1_000, noise: 0.15, walk: 0.01, growth: 0 },
  'drifting 4 % a day': { calls: 3_000, noise: 0.1, walk: 0.04, growth: 0.02 },
  'small, 20 a day': { calls: 20, noise: 0.1, walk: 0.01, growth: 0.03 },
  'very even, 2 % scatter': { calls: 5_000, noise: 0.02, walk: 0.003, growth: 0 },
};

/** Five cuts of each, eight weeks apart; three periods of four weeks ahead. */
export function seasonalSeries(name: string, kind: Kind, howMany: number): BacktestSeries[] {
  return Array.from({ length: howMany }, (_, index) => ({
    name,
    counts: dailyCounts(kind, 100 + index),
    seasonSteps: 7,
    periodSteps: 28,
    firstCut: 56,
    cutEvery: 56,
    periods: 3,
  }));
}

function dailyCounts({ calls, noise, walk, growth }: Kind, seed: number): number[] {
  const random = createRandom(seed);
  let level = Math.log(calls);
  return Array.from({ length: DAYS }, (_, day) => {
    level += growth / (365.25 / 12) + walk * random.normal();
    const mean = Math.exp(level + noise * random.normal() - noise ** 2 / 2) * (WEEK[day % 7] as number);
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  });
}

/** 19,366 calls of one hour (Azure, CC BY; beside the simulator), a forecast by the minute from the tenth on. */
export function realTrace(minutesAhead: number): BacktestSeries {
  const stepMs = 5_000;
  const { atMs } = readBuiltInTrace('azure-conversation');
  const counts = new Array<number>(3_600_000 / stepMs).fill(0);
  for (const at of atMs) {
    const step = Math.floor(at / stepMs);
    if (step < counts.length) counts[step] = (counts[step] as number) + 1;
  }
  return {
    name: 'Azure conversation trace',
    counts,
    seasonSteps: 1,
    periodSteps: 12,
    firstCut: 120,
    cutEvery: 12,
    periods: minutesAhead,
  };
}
