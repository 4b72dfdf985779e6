/** Written by `node scripts/calibrate.ts` from the measurements in ../calibration/; a test compares. */
import type { Calibration } from './coefficients.ts';

export const CALIBRATED: Calibration = {
  coefficients: {
    computeEfficiency: 0.5739,
    fp4ComputeEfficiency: 0.4456,
    weightEfficiency: 0.782,
    cacheEfficiency: 0.8559,
    scorePs: 1.591,
    elementPs: 13.19,
    expertElementPs: 6.022,
    linkEfficiency: 0.6122,
    layerOverheadUs: 28.88,
    sequenceOverheadUs: 3.583,
    openEngineFactor: 1.319,
    openEngineOverhead: 1.548,
  },
  error: {
    low: 0.7729,
    mid: 1.072,
    high: 1.209,
  },
};
