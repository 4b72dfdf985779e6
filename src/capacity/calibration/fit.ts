/**
 * Fits the coefficients: least squares on logarithms with the priors as one more observation each, every configuration
 * weighing the same. Damped Gauss-Newton, no randomness.
 */
import type { Coefficients } from '../performance/coefficients.ts';
import { PRIORS } from '../performance/coefficients.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { steadyState } from '../performance/steady-state.ts';
import type { Measurement } from './rows.ts';

const NAMES = Object.keys(PRIORS) as (keyof Coefficients)[];
/** Expected scatter of a configuration's rows around the truth, as a standard deviation of the logarithm. */
const SCATTER = 0.12;
const MAX_STEPS = 60;

/** Output tokens per second of one replica; 0 when not one call fits. */
export function predict({ setup, workload }: Measurement, coefficients: Coefficients): number {
  const model = createPerformanceModel(setup, { coefficients, error: { low: 1, mid: 1, high: 1 } });
  return steadyState(model, workload)?.outputTokensPerSecond ?? 0;
}

/** Measured / predicted. */
export function ratioOf(measurement: Measurement, coefficients: Coefficients): number {
  return measurement.outputTokensPerSecond / predict(measurement, coefficients);
}

export function fitCoefficients(measurements: readonly Measurement[]): Coefficients {
  const rows = new Map<string, number>();
  for (const { configuration } of measurements) rows.set(configuration, (rows.get(configuration) ?? 0) + 1);
  const residuals = (at: readonly number[]): number[] => {
    const coefficients = toCoefficients(at);
    return [
      ...measurements.map((row) => {
        const weight = 1 / (SCATTER * Math.sqrt((rows.get(row.configuration) ?? 1) / 2));
        return robust(weight * Math.log(ratioOf(row, coefficients)));
      }),
      ...at,
    ];
  };
  let at = NAMES.map(() => 0);
  let best = residuals(at);
  let damping = 1e-2;
  for (let step = 0; step < MAX_STEPS && damping < 1e8; step++) {
    const next = subtract(at, solve(normalEquations(at, { best, residuals, damping })));
    const there = residuals(next);
    if (sumOfSquares(there) < sumOfSquares(best)) {
      [at, best, damping] = [next, there, damping / 4];
    } else {
      damping *= 5;
    }
  }
  return toCoefficients(at);
}

/** Coordinates are standard deviations of the prior, so that the prior's own residual is the coordinate. */
function toCoefficients(at: readonly number[]): Coefficients {
  const entries = NAMES.map((name, index) => {
    const [mean, deviation] = PRIORS[name];
    return [name, mean * Math.exp(deviation * (at[index] ?? 0))];
  });
  return Object.fromEntries(entries) as Coefficients;
}

/** Square root of the Huber loss: quadratic to 2, linear beyond, so that one odd row does not bend the rest. */
function robust(residual: number): number {
  const size = Math.abs(residual);
  return size <= 2 ? residual : Math.sign(residual) * Math.sqrt(4 * size - 4);
}

interface Linearisation {
  best: readonly number[];
  residuals: (at: readonly number[]) => number[];
  damping: number;
}

/** Rows of (JᵀJ + damping | Jᵀr). */
function normalEquations(at: readonly number[], { best, residuals, damping }: Linearisation): number[][] {
  const delta = 1e-4;
  const columns = at.map((_, index) => {
    const moved = residuals(at.map((value, other) => (other === index ? value + delta : value)));
    return moved.map((value, row) => (value - (best[row] ?? 0)) / delta);
  });
  return columns.map((column, index) => [
    ...columns.map((other, at) => dot(column, other) * (at === index ? 1 + damping : 1)),
    dot(column, best),
  ]);
}

/** Gaussian elimination; the matrix is positive definite, so no pivots are needed. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  const work = rows.map((row) => [...row]);
  const at = (row: number, column: number): number => work[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = at(row, pivot) / at(pivot, pivot);
      work[row] = (work[row] ?? []).map((value, column) => value - factor * at(pivot, column));
    }
  }
  const solution = rows.map(() => 0);
  for (let row = size - 1; row >= 0; row--) {
    let value = at(row, size);
    for (let column = row + 1; column < size; column++) value -= at(row, column) * (solution[column] ?? 0);
    solution[row] = value / at(row, row);
  }
  return solution;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function subtract(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value - (b[index] ?? 0));
}

function sumOfSquares(values: readonly number[]): number {
  return dot(values, values);
}
