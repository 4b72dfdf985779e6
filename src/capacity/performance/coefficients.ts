import type { Interval } from '../../core/interval.ts';

/** What facts alone do not say: how much of the hardware's figures real engines reach, and what they spend besides. */
export interface Coefficients {
  /** Share of peak FLOPS that matrix products reach, 8-bit and 16-bit. */
  computeEfficiency: number;
  /** The same for 4-bit floating point. */
  fp4ComputeEfficiency: number;
  /** Share of peak memory bandwidth when weights are read. */
  weightEfficiency: number;
  /** Share of peak memory bandwidth when caches are read in decoding. */
  cacheEfficiency: number;
  /** Attention in decoding besides reading the cache: picoseconds per head and token of context, for softmax, reductions
   * and tiles that one query a head leaves mostly empty. */
  scorePs: number;
  /** Norms, activations, quantisation: picoseconds per token, layer and element of the residual stream. The vector units
   * that bound them differ little between these GPUs, so the time is the same on each. */
  elementPs: number;
  /** The same for each expert a token takes: gather, scatter and small products. */
  expertElementPs: number;
  /** Share of the link's bandwidth that all-reduce reaches. */
  linkEfficiency: number;
  /** Per layer and step, microseconds: launches and small kernels. */
  layerOverheadUs: number;
  /** Per sequence and step, microseconds: scheduling, sampling, detokenising. */
  sequenceOverheadUs: number;
  /** Factor on all compute and memory time of vLLM; TensorRT-LLM is 1. */
  openEngineFactor: number;
  /** Factor on the overheads of vLLM; TensorRT-LLM is 1. */
  openEngineOverhead: number;
}

/** Before any measurement: what is commonly reached, and how sure that is (standard deviation of the logarithm). */
export const PRIORS: Readonly<Record<keyof Coefficients, readonly [mean: number, deviation: number]>> = {
  computeEfficiency: [0.6, 0.3],
  fp4ComputeEfficiency: [0.45, 0.3],
  weightEfficiency: [0.8, 0.15],
  cacheEfficiency: [0.85, 0.1],
  scorePs: [1.5, 0.5],
  elementPs: [10, 0.5],
  expertElementPs: [5, 0.5],
  linkEfficiency: [0.5, 0.4],
  layerOverheadUs: [25, 0.5],
  sequenceOverheadUs: [2, 0.7],
  openEngineFactor: [1.1, 0.15],
  openEngineOverhead: [2, 0.5],
};

/** Coefficients with what their predictions are worth. */
export interface Calibration {
  coefficients: Coefficients;
  /** 80 % interval of measured / predicted throughput, every configuration predicted from the others. */
  error: Interval;
}
