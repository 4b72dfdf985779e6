/** How often what came fell inside the forecast's 80 % interval: `node bench/forecast.ts`. Seeded: the same figures every run. */
import { type Coverage, coverageOf } from '../test/advisor/backtest.ts';
import { KINDS, realTrace, seasonalSeries } from '../test/advisor/forecast-series.ts';

const SERIES = 24;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

function print({ name, share, inside, tried, medianRatio }: Coverage): void {
  const byPeriod = inside.map((hits, period) => percent(hits / (tried[period] as number))).join(', ');
  const forecasts = tried.reduce((sum, one) => sum + one, 0);
  console.log(`| ${name} | ${percent(share)} | ${byPeriod} | ${forecasts} | ${medianRatio.toFixed(2)} |`);
}

console.log('| history | inside | by period ahead | forecasts | high / low, median |');
console.log('|---|---|---|---|---|');
const seasonal = Object.entries(KINDS).map(([name, kind]) =>
  coverageOf(name, seasonalSeries(name, kind, SERIES)),
);
seasonal.forEach(print);
const mean = seasonal.reduce((sum, { share }) => sum + share, 0) / seasonal.length;
console.log(`| mean of the six | ${percent(mean)} | | | |`);
print(coverageOf('Azure conversation trace, by the minute', [realTrace(5)]));
