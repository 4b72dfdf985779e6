/** Fits the performance model to the published measurements and writes `src/capacity/performance/calibrated.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { calibrate } from '../src/capacity/calibration/leave-one-out.ts';
import { readCalibrationRows } from '../src/capacity/calibration/rows.ts';

const DIGITS = 4;

/** The file's text: figures to four digits, far more than the data bear. */
export function calibratedSource(): string {
  const { coefficients, ratio } = calibrate(readCalibrationRows().measurements);
  const lines = (values: object): string =>
    Object.entries(values)
      .map(([name, value]) => `    ${name}: ${Number(Number(value).toPrecision(DIGITS))},`)
      .join('\n');
  return `/** Written by \`node scripts/calibrate.ts\` from the measurements in ../calibration/; a test compares. */
import type { Calibration } from './coefficients.ts';

export const CALIBRATED: Calibration = {
  coefficients: {
${lines(coefficients)}
  },
  error: {
${lines(ratio)}
  },
};
`;
}

if (import.meta.main) {
  const path = new URL('../src/capacity/performance/calibrated.ts', import.meta.url);
  writeFileSync(fileURLToPath(path), calibratedSource());
}
