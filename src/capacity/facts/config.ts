/** What a published `config.json` says of a model, and what follows from it: weights, active weights, cache. */
import type { Citation, ModelFacts } from '../capacity.ts';

/** Sizes as they stand in the config; names as everywhere here. */
export interface PublishedConfig {
  layers: number;
  hidden: number;
  heads: number;
  kvHeads: number;
  headSize: number;
  /** Inner size of a dense feed-forward layer. */
  feedForward: number;
  /** 3 with a gate (the default), 2 without. */
  feedForwardMatrices?: 2 | 3;
  vocabulary: number;
  /** Input and output embedding are one matrix. */
  tied: boolean;
  context: number;
  /** Layers with attention, where not all have it. A layer is then one of attention, experts or state space. */
  attentionLayers?: number;
  window?: { layers: number; tokens: number };
  /** `shared`: inner size of the experts that every token takes, together. */
  experts?: { count: number; perToken: number; layers: number; size: number; shared: number };
  /** Multi-head latent attention: ranks and head parts. */
  latent?: { query: number; keyValue: number; rope: number; nope: number; value: number };
  /** Mamba-2 layers. */
  mamba?: { layers: number; heads: number; headSize: number; groups: number; state: number };
  visionParameters?: number;
}

export interface PublishedModel {
  id: string;
  hubName: string;
  label: string;
  licence: string;
  /** Counts as the maker states them; `active` for mixtures of experts. The facts use what the config gives. */
  published: { parameters: number; active: number | null };
  config: PublishedConfig;
  sources: Citation[];
}

interface Counts {
  /** Input and output embeddings. */
  embedding: number;
  /** Weights of one expert in one layer. */
  expert: number;
  total: number;
  active: number;
}

/** Weights of the matrices; norms and biases (below 0.1 %) are left out. */
export function countWeights(config: PublishedConfig): Counts {
  const { hidden, experts } = config;
  const matrices = config.feedForwardMatrices ?? 3;
  const hybrid = config.attentionLayers !== undefined;
  const attentionLayers = config.attentionLayers ?? config.layers;
  const denseLayers = hybrid ? 0 : config.layers - (experts?.layers ?? 0);
  const embedding = config.vocabulary * hidden * (config.tied ? 1 : 2);
  const expert = experts ? matrices * hidden * experts.size : 0;
  const everyToken =
    embedding +
    attentionLayers * attentionWeights(config) +
    denseLayers * matrices * hidden * config.feedForward +
    (experts ? experts.layers * (matrices * hidden * experts.shared + hidden * experts.count) : 0) +
    mambaWeights(config) +
    (config.visionParameters ?? 0);
  const routed = (taken: number): number => (experts ? experts.layers * taken * expert : 0);
  return {
    embedding,
    expert,
    total: everyToken + routed(experts?.count ?? 0),
    active: everyToken + routed(experts?.perToken ?? 0),
  };
}

function attentionWeights({ hidden, heads, kvHeads, headSize, latent }: PublishedConfig): number {
  if (latent) {
    const { query, keyValue, rope, nope, value } = latent;
    return (
      hidden * query +
      query * heads * (nope + rope) +
      hidden * (keyValue + rope) +
      keyValue * heads * (nope + value) +
      heads * value * hidden
    );
  }
  return 2 * hidden * headSize * (heads + kvHeads);
}

function mambaWeights({ hidden, mamba }: PublishedConfig): number {
  if (!mamba) return 0;
  const inner = mamba.heads * mamba.headSize;
  const input = hidden * (2 * inner + 2 * mamba.groups * mamba.state + mamba.heads);
  return mamba.layers * (input + inner * hidden);
}

export function toModelFacts({ config, published: _, ...named }: PublishedModel): ModelFacts {
  const { embedding, total, active } = countWeights(config);
  const { latent, mamba, experts, window } = config;
  return {
    ...named,
    parameters: total,
    activeParameters: active,
    embeddingParameters: embedding,
    layers: config.layers,
    attentionLayers: config.attentionLayers ?? config.layers,
    hiddenSize: config.hidden,
    attentionHeads: config.heads,
    kvHeads: config.kvHeads,
    headSize: config.headSize,
    vocabulary: config.vocabulary,
    tiedEmbedding: config.tied,
    kvElementsPerLayer: latent ? latent.keyValue + latent.rope : 2 * config.kvHeads * config.headSize,
    stateElements: mamba ? mamba.layers * mamba.heads * mamba.headSize * mamba.state : 0,
    window: window ?? null,
    experts: experts ? { count: experts.count, perToken: experts.perToken, layers: experts.layers } : null,
    contextTokens: config.context,
  };
}
