/** Setups that could serve a model, and those that cannot, with the reason. */
import type { EngineSetup, GpuFacts, GpuPrice, ModelFacts, Precision } from '../capacity.ts';
import { cacheTokens, weightBytes } from '../performance/performance-model.ts';

/** GPUs one replica may span: powers of two, within a machine. */
export const TENSOR_PARALLELISM = [1, 2, 4, 8] as const;
/** What vLLM runs with when nothing else is said; the deployment files say it, so that they run what was planned. */
export const ENGINE_LIMITS = { maxSequences: 256, maxBatchedTokens: 2048 } as const;

export interface CandidateQuestion {
  model: ModelFacts;
  gpus: readonly GpuFacts[];
  precisions: readonly Precision[];
  prices: readonly GpuPrice[];
  priceKinds: readonly GpuPrice['kind'][];
}

/** A setup with what its GPUs cost. Of several prices of a kind, the lowest. */
export interface Candidate {
  setup: EngineSetup;
  price: GpuPrice;
}

export interface Excluded {
  gpu: string;
  /** `null`: of any size. */
  gpusPerReplica: number | null;
  weights: Precision | null;
  reason: string;
}

export interface Candidates {
  candidates: Candidate[];
  excluded: Excluded[];
}

export function listCandidates(question: CandidateQuestion): Candidates {
  const candidates: Candidate[] = [];
  const excluded: Excluded[] = [];
  for (const gpu of question.gpus) {
    const prices = cheapestOf(question, gpu);
    if (prices.length === 0) {
      const reason = `no price of the kind ${question.priceKinds.join(' or ')} is known`;
      excluded.push({ gpu: gpu.id, gpusPerReplica: null, weights: null, reason });
      continue;
    }
    for (const weights of question.precisions) {
      if (weights !== 'int4' && gpu.flops[weights] === null) {
        const reason = `the GPU has no ${weights} units`;
        excluded.push({ gpu: gpu.id, gpusPerReplica: null, weights, reason });
        continue;
      }
      for (const gpusPerReplica of TENSOR_PARALLELISM) {
        const setup = setupOf(question.model, { gpu, weights, gpusPerReplica });
        const reason = whyNot(setup);
        if (reason === null) candidates.push(...prices.map((price) => ({ setup, price })));
        else excluded.push({ gpu: gpu.id, gpusPerReplica, weights, reason });
      }
    }
  }
  return { candidates, excluded };
}

function cheapestOf({ prices, priceKinds }: CandidateQuestion, gpu: GpuFacts): GpuPrice[] {
  return priceKinds.flatMap((kind) => {
    const offers = prices.filter((price) => price.gpu === gpu.id && price.kind === kind);
    return offers.toSorted((a, b) => a.usdPerGpuHour - b.usdPerGpuHour).slice(0, 1);
  });
}

function setupOf(
  model: ModelFacts,
  of: Pick<EngineSetup, 'gpu' | 'weights' | 'gpusPerReplica'>,
): EngineSetup {
  return { engine: 'vLLM', model, cache: 'bf16', ...ENGINE_LIMITS, ...of };
}

function whyNot(setup: EngineSetup): string | null {
  const { model, gpu, gpusPerReplica, weights } = setup;
  if (gpusPerReplica > gpu.gpusPerNode) return `a machine has ${gpu.gpusPerNode} of these GPUs`;
  if (model.attentionHeads % gpusPerReplica !== 0) {
    return `${model.attentionHeads} attention heads do not divide by ${gpusPerReplica}`;
  }
  if (cacheTokens(setup) > 0) return null;
  const size = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(0)} GiB`;
  return `weights of ${size(weightBytes(model, weights))} leave no cache in ${gpusPerReplica} x ${size(gpu.memoryBytes)}`;
}
