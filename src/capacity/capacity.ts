/**
 * What self-hosting takes, in words of its own: facts of models and GPUs, the performance model between them, and what
 * one replica can do for a workload. `facts/` holds the facts, `performance/` the model, `simulator/` and `plan/` use it.
 */
import type { Interval } from '../core/interval.ts';

/** Where an outside fact stands, and when it was read there. */
export interface Citation {
  /** Name of the publication: `Meta model card`, `NVIDIA H100 datasheet`. */
  by: string;
  url: string;
  /** ISO date it was read or published. */
  date: string;
  /** The row was compared with this publication when it was entered; `false`: the publication is named, and was not at hand. */
  checked?: boolean;
}

/** Stored width of numbers, in bits a weight or a cache element takes. */
export type Precision = 'bf16' | 'fp8' | 'int4' | 'fp4';

/** An open model, from its published config. */
export interface ModelFacts {
  /** `llama-3.3-70b` */
  id: string;
  /** The name on the hub: `meta-llama/Llama-3.3-70B-Instruct`. */
  hubName: string;
  label: string;
  licence: string;
  /** All weights, computed from the published config (norms and biases, below 0.1 %, left out). */
  parameters: number;
  /** Weights one token passes through; less than `parameters` for a mixture of experts. */
  activeParameters: number;
  /** Weights of the input and output embeddings, part of both; quantised checkpoints keep them in 16 bits. */
  embeddingParameters: number;
  vocabulary: number;
  /** Input and output embedding are one matrix. */
  tiedEmbedding: boolean;
  layers: number;
  /** Layers that attend and so keep a cache; fewer than `layers` for hybrids with state-space layers. */
  attentionLayers: number;
  hiddenSize: number;
  attentionHeads: number;
  kvHeads: number;
  headSize: number;
  /** Elements of the cache one token takes in one layer, keys and values; multi-head latent attention takes fewer than 2 x kvHeads x headSize. */
  kvElementsPerLayer: number;
  /** Elements of recurrent state one sequence keeps whatever its length; 0 without state-space layers. */
  stateElements: number;
  /** Layers whose cache is bounded by a window of tokens, and the window; `null`: none. */
  window: { layers: number; tokens: number } | null;
  /** Mixture of experts: experts in a layer, how many a token takes, and layers that have them; `null`: dense. */
  experts: { count: number; perToken: number; layers: number } | null;
  contextTokens: number;
  sources: Citation[];
}

export interface GpuFacts {
  /** `h100-sxm` */
  id: string;
  label: string;
  memoryBytes: number;
  bandwidthBytesPerSecond: number;
  /** Dense, without sparsity; `null`: the hardware has no such units, or engines unpack the weights to 16 bits (`int4`). */
  flops: Record<Precision, number | null>;
  /** To the other GPUs of its node, one direction, bytes per second; `null`: PCIe only. */
  linkBytesPerSecond: number | null;
  gpusPerNode: number;
  /** Limit of the board alone, watts. */
  boardWatts: number;
  /** Whole machine's draw per GPU under load, kilowatts; `null`: not published. */
  kilowatts: number | null;
  sources: Citation[];
}

export interface GpuPrice {
  gpu: string;
  /** `owned`: total cost of ownership per hour, depreciation and power included. */
  kind: 'on-demand' | 'spot' | 'reserved' | 'owned';
  provider: string;
  region: string | null;
  usdPerGpuHour: number;
  source: Citation;
}

/** Serving software. Its overheads and kernels differ, so it has coefficients of its own. */
export type Engine = 'vLLM' | 'TensorRT-LLM';

/** How an engine runs a model on GPUs. */
export interface EngineSetup {
  engine: Engine;
  model: ModelFacts;
  gpu: GpuFacts;
  /** Tensor parallelism: GPUs that hold one replica. */
  gpusPerReplica: number;
  weights: Precision;
  cache: Precision;
  /** Sequences in one batch at most. Default of vLLM: 256. */
  maxSequences: number;
  /** Tokens in one prefill chunk at most. */
  maxBatchedTokens: number;
}

/** Times of one replica, as the performance model or a load test gives them. Milliseconds. */
export interface PerformanceModel {
  readonly setup: EngineSetup;
  /** Tokens of cache one replica holds; 0: the weights alone do not fit. */
  readonly cacheTokens: number;
  /** One engine step: `prefillTokens` new prompt tokens (whose contexts hold `prefillContext` tokens on average) and one token for each of `decodes` sequences that hold `contextTokens` tokens together. */
  stepMs(step: EngineStep): number;
  /** Relative error of throughput on the calibration data, leave one configuration out: an 80 % interval of true / predicted. */
  readonly error: Interval;
}

export interface EngineStep {
  prefillTokens: number;
  prefillContext: number;
  decodes: number;
  contextTokens: number;
}

/** What a target asks of a replica; `null`: not asked. Percentiles at 95 % unless the name says otherwise. */
export interface LatencyTarget {
  ttftP95Ms: number | null;
  tpotP95Ms: number | null;
  endToEndP95Ms: number | null;
}

/** Calls by their sizes, in the order of arrival or drawn at random. */
export interface WorkloadCall {
  /** Milliseconds after the first. */
  atMs: number;
  inputTokens: number;
  outputTokens: number;
}

/** What one replica of a setup sustains for a workload within a latency target. */
export interface ReplicaCapacity {
  model: string;
  gpu: string;
  gpusPerReplica: number;
  weights: Precision;
  /** Calls per second. The interval is the performance model's error, or the load test's. */
  callsPerSecond: Interval;
  outputTokensPerSecond: Interval;
  /** At that rate. */
  latency: { ttftP50Ms: number; ttftP95Ms: number; tpotP50Ms: number; tpotP95Ms: number };
  source: 'simulated' | 'load test';
  /** The test that answers, and when it was begun, epoch milliseconds. Absent: simulated. */
  loadTest?: { id: string; at: number };
}
