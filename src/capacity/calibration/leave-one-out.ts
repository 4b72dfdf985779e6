/** What the model is worth where it was not fitted: every configuration is predicted from all the others. */
import type { Interval } from '../../core/interval.ts';
import type { Coefficients } from '../performance/coefficients.ts';
import { fitCoefficients, predict } from './fit.ts';
import type { Measurement } from './rows.ts';

export interface LeftOutPrediction {
  measurement: Measurement;
  /** Output tokens per second of one replica, by coefficients that never saw the configuration. */
  predicted: number;
}

export interface CalibrationReport {
  /** Fitted to everything: what the product uses. */
  coefficients: Coefficients;
  predictions: LeftOutPrediction[];
  /** Absolute relative error of the predictions above. */
  medianError: number;
  p90Error: number;
  /** 80 % interval of measured / predicted. */
  ratio: Interval;
}

export function calibrate(measurements: readonly Measurement[]): CalibrationReport {
  const configurations = [...new Set(measurements.map(({ configuration }) => configuration))];
  const predictions = configurations.flatMap((left) => {
    const coefficients = fitCoefficients(measurements.filter(({ configuration }) => configuration !== left));
    return measurements
      .filter(({ configuration }) => configuration === left)
      .map((measurement) => ({ measurement, predicted: predict(measurement, coefficients) }));
  });
  const errors = predictions.map(({ measurement, predicted }) =>
    Math.abs(predicted / measurement.outputTokensPerSecond - 1),
  );
  const ratios = predictions.map(
    ({ measurement, predicted }) => measurement.outputTokensPerSecond / predicted,
  );
  return {
    coefficients: fitCoefficients(measurements),
    predictions,
    medianError: quantile(errors, 0.5),
    p90Error: quantile(errors, 0.9),
    ratio: { low: quantile(ratios, 0.1), mid: quantile(ratios, 0.5), high: quantile(ratios, 0.9) },
  };
}

/** Linear between the two nearest; `NaN` for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
