/**
 * Time of one engine step from facts: matrix products are bound by FLOPS or by reading the weights, attention by
 * FLOPS in prefill and by reading the cache in decoding; links and overheads come on top. Formulas: docs/capacity.md.
 */

import type { EngineSetup, EngineStep, ModelFacts, PerformanceModel, Precision } from '../capacity.ts';
import { CALIBRATED } from './calibrated.ts';
import type { Calibration, Coefficients } from './coefficients.ts';

/** Bytes a stored element takes, scales of its block included: 16 elements share 8 bits in fp4, 128 share 32 in int4. */
const ELEMENT_BYTES: Readonly<Record<Precision, number>> = { bf16: 2, fp8: 1, int4: 0.53125, fp4: 0.5625 };

/** Share of memory an engine takes for weights and cache: the default of vLLM. */
const MEMORY_SHARE = 0.9;
/** Activations, graphs and buffers, bytes per GPU. */
const WORKSPACE_BYTES = 2e9;
/** Share of 16-bit FLOPS that attention over a prompt reaches; causal masking is already in the average context. */
const PREFILL_ATTENTION_EFFICIENCY = 0.4;
/** Recurrent state is kept in 32 bits. */
const STATE_BYTES = 4;
/** Latency of one all-reduce inside a node, microseconds. */
const ALL_REDUCE_US = 8;
/** One direction of PCIe 4.0 x16, bytes per second: what GPUs without a link of their own have. */
const PCIE_BYTES_PER_SECOND = 32e9;
/** Sharpness of the corner between compute-bound and memory-bound: a smooth maximum, as kernels overlap imperfectly. */
const ROOFLINE_POWER = 3;

/** Weights of the model in memory, all GPUs of a replica together. */
export function weightBytes(model: ModelFacts, precision: Precision): number {
  const matrices = model.parameters - model.embeddingParameters;
  return matrices * ELEMENT_BYTES[precision] + model.embeddingParameters * ELEMENT_BYTES.bf16;
}

/** Cache one more token takes in a context longer than every window, bytes. */
export function cacheBytesPerToken(model: ModelFacts, precision: Precision): number {
  return model.attentionLayers * model.kvElementsPerLayer * ELEMENT_BYTES[precision];
}

/** Tokens of cache that fit beside the weights; 0: the weights alone do not fit. */
export function cacheTokens(setup: EngineSetup): number {
  const { model, gpu, gpusPerReplica, weights, cache } = setup;
  const usable = gpusPerReplica * (gpu.memoryBytes * MEMORY_SHARE - WORKSPACE_BYTES);
  const state = setup.maxSequences * model.stateElements * STATE_BYTES;
  const free = usable - weightBytes(model, weights) - state;
  const copies = cacheCopies(model, gpusPerReplica);
  return Math.max(0, Math.floor(free / (cacheBytesPerToken(model, cache) * copies)));
}

/** GPUs beyond the number of kv heads hold copies; a latent cache has one head. */
function cacheCopies(model: ModelFacts, gpus: number): number {
  const isLatent = model.kvElementsPerLayer < 2 * model.kvHeads * model.headSize;
  return Math.max(1, gpus / (isLatent ? 1 : model.kvHeads));
}

/** Share of layers x tokens that a context of so many tokens really holds, windows considered. */
function windowed({ window, attentionLayers }: ModelFacts, tokens: number): number {
  if (!window || tokens <= window.tokens) return tokens;
  const bounded = window.layers / attentionLayers;
  return tokens * (1 - bounded) + window.tokens * bounded;
}

/** The calibrated model, or one with coefficients of the caller's own. */
export function createPerformanceModel(
  setup: EngineSetup,
  { coefficients, error }: Calibration = CALIBRATED,
): PerformanceModel {
  const stepSeconds = createStepTime(setup, coefficients);
  return { setup, cacheTokens: cacheTokens(setup), error, stepMs: (step) => stepSeconds(step) * 1_000 };
}

function createStepTime(setup: EngineSetup, coefficients: Coefficients): (step: EngineStep) => number {
  const matrixTime = createMatrixTime(setup, coefficients);
  const attentionTime = createAttentionTime(setup, coefficients);
  const linkTime = createLinkTime(setup, coefficients);
  const isOpen = setup.engine === 'vLLM';
  const factor = isOpen ? coefficients.openEngineFactor : 1;
  const overhead = (isOpen ? coefficients.openEngineOverhead : 1) * 1e-6;
  const fixed = setup.model.layers * coefficients.layerOverheadUs * overhead;
  const perSequence = coefficients.sequenceOverheadUs * overhead;
  return (step) => {
    const tokens = step.prefillTokens + step.decodes;
    if (tokens === 0) return 0;
    const work = matrixTime(tokens, step.decodes) + attentionTime(step);
    return factor * work + linkTime(tokens) + fixed + perSequence * step.decodes;
  };
}

/** Matrix products: the smooth maximum of FLOPS and weights read, then activations through memory. */
function createMatrixTime(
  { model, gpu, gpusPerReplica, weights }: EngineSetup,
  coefficients: Coefficients,
): (tokens: number, decodes: number) => number {
  const { experts } = model;
  const native = gpu.flops[weights];
  const peak = native ?? gpu.flops.bf16 ?? 0;
  const isFp4 = weights === 'fp4' && native !== null;
  const reached = peak * (isFp4 ? coefficients.fp4ComputeEfficiency : coefficients.computeEfficiency);
  const rate = gpusPerReplica * reached;
  const headRate = gpusPerReplica * (gpu.flops.bf16 ?? 0) * coefficients.computeEfficiency;
  const bandwidth = gpusPerReplica * gpu.bandwidthBytesPerSecond * coefficients.weightEfficiency;
  const head = model.vocabulary * model.hiddenSize;
  const active = model.activeParameters - model.embeddingParameters;
  const routed = experts
    ? (model.parameters - model.activeParameters) / (experts.count - experts.perToken)
    : 0;
  const shared = active - routed * (experts?.perToken ?? 0);
  const elementSeconds =
    model.hiddenSize *
    (model.layers * coefficients.elementPs +
      (experts ? experts.layers * experts.perToken * coefficients.expertElementPs : 0)) *
    1e-12;
  const missed = experts ? Math.log1p(-experts.perToken / experts.count) : 0;
  return (tokens, decodes) => {
    const touched = experts ? experts.count * -Math.expm1(tokens * missed) : 0;
    const bytes = (shared + routed * touched) * ELEMENT_BYTES[weights] + head * ELEMENT_BYTES.bf16;
    const compute = (2 * active * tokens) / rate + (2 * head * decodes) / headRate;
    return smoothMax(compute, bytes / bandwidth) + tokens * elementSeconds;
  };
}

/** Attention: FLOPS over the prompt, cache and recurrent state read and written by each decoding sequence. */
function createAttentionTime(
  { model, gpu, gpusPerReplica, cache }: EngineSetup,
  coefficients: Coefficients,
): (step: EngineStep) => number {
  const flops = 4 * model.attentionLayers * model.attentionHeads * model.headSize;
  const rate = gpusPerReplica * (gpu.flops.bf16 ?? 0) * PREFILL_ATTENTION_EFFICIENCY;
  const share = gpusPerReplica / cacheCopies(model, gpusPerReplica);
  const bandwidth = share * gpu.bandwidthBytesPerSecond * coefficients.cacheEfficiency;
  const tokenBytes = cacheBytesPerToken(model, cache);
  const scoreSeconds =
    (model.attentionLayers * model.attentionHeads * coefficients.scorePs * 1e-12) / gpusPerReplica;
  const stateBytes = 2 * model.stateElements * STATE_BYTES;
  return ({ prefillTokens, prefillContext, decodes, contextTokens }) => {
    const prefill = prefillTokens === 0 ? 0 : prefillTokens * windowed(model, prefillContext);
    const read = decodes === 0 ? 0 : decodes * windowed(model, contextTokens / decodes);
    return (
      (flops * prefill) / rate + (tokenBytes * read + stateBytes * decodes) / bandwidth + scoreSeconds * read
    );
  };
}

/** Two all-reduces a layer; one where a layer is attention, experts or state space alone. */
function createLinkTime(
  { model, gpu, gpusPerReplica }: EngineSetup,
  coefficients: Coefficients,
): (tokens: number) => number {
  if (gpusPerReplica === 1) return () => 0;
  const link = (gpu.linkBytesPerSecond ?? PCIE_BYTES_PER_SECOND) * coefficients.linkEfficiency;
  const share = (2 * (gpusPerReplica - 1)) / gpusPerReplica;
  const reductions = model.layers * (model.attentionLayers < model.layers ? 1 : 2);
  const perToken = (reductions * model.hiddenSize * ELEMENT_BYTES.bf16 * share) / link;
  const latency = reductions * ALL_REDUCE_US * 1e-6;
  return (tokens) => latency + tokens * perToken;
}

function smoothMax(a: number, b: number): number {
  return (a ** ROOFLINE_POWER + b ** ROOFLINE_POWER) ** (1 / ROOFLINE_POWER);
}
