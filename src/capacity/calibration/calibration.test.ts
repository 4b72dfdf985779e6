import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { calibratedSource } from '../../../scripts/calibrate.ts';
import { PRIORS } from '../performance/coefficients.ts';
import { fitCoefficients, predict } from './fit.ts';
import { calibrate, quantile } from './leave-one-out.ts';
import { readCalibrationRows } from './rows.ts';

const { measurements, outOfScope } = readCalibrationRows();
const report = calibrate(measurements);

test('the committed coefficients are those of the data (node scripts/calibrate.ts writes them)', () => {
  expect(readFileSync('src/capacity/performance/calibrated.ts', 'utf8')).toBe(calibratedSource());
});

test('the error of configurations that were left out is within the goal', () => {
  expect(report.predictions).toHaveLength(measurements.length);
  expect(report.medianError).toBeLessThanOrEqual(0.15);
  expect(report.p90Error).toBeLessThanOrEqual(0.35);
  expect(report.ratio.low).toBeLessThan(1);
  expect(report.ratio.high).toBeGreaterThan(1);
});

test('every published row is used, or left out with its reason', () => {
  const published = ['trtllm-perf-overview-v1.0', 'mlperf-v5.1-llama3.1-8b', 'vultr-nemotron-nano-30b-2xb200']
    .map((file) => readFileSync(`src/capacity/calibration/${file}.csv`, 'utf8').trim().split('\n').length - 1)
    .reduce((sum, lines) => sum + lines, 0);
  expect(measurements.length + outOfScope.length).toBe(published);
  for (const { reason } of outOfScope) expect(reason).not.toBe('');
});

test('a left-out configuration has no part in its own prediction', () => {
  const left = measurements[0]?.configuration;
  const altered = measurements.map((row) =>
    row.configuration === left ? { ...row, outputTokensPerSecond: row.outputTokensPerSecond * 3 } : row,
  );
  const predicted = (rows: typeof measurements): number[] =>
    calibrate(rows)
      .predictions.filter(({ measurement }) => measurement.configuration === left)
      .map((row) => row.predicted);
  expect(predicted(altered)).toEqual(predicted(measurements));
});

test('the fit finds the coefficients of data it made itself', () => {
  const means = Object.fromEntries(Object.entries(PRIORS).map(([name, [mean]]) => [name, mean]));
  const truth = { ...report.coefficients, ...means, computeEfficiency: 0.45, cacheEfficiency: 0.8 };
  const made = measurements.map((row) => ({ ...row, outputTokensPerSecond: predict(row, truth) }));
  const found = fitCoefficients(made);
  expect(found.computeEfficiency / truth.computeEfficiency).toBeCloseTo(1, 1);
  const errors = made.map((row) => Math.abs(predict(row, found) / row.outputTokensPerSecond - 1));
  expect(quantile(errors, 0.9)).toBeLessThan(0.1);
});
