/** What can be chosen: where the model runs, and the layers that can be put on top. Ids are those of the economics. */

export const BASES = {
  'hosted-api': 'Hosted API',
  'private-deployment': 'Private deployment of a proprietary model',
  'self-hosted': 'Self-hosted open model',
  hybrid: 'Hybrid: self-hosted for the common path, frontier API for hard cases',
} as const;

export const LAYERS = {
  prompting: 'Prompting and system design',
  retrieval: 'Retrieval',
  caching: 'Caching and batching',
  'smaller-model': 'Smaller model with routing',
  'fine-tuned-api': 'Fine-tuning by API',
  'fine-tuned-self-hosted': 'Fine-tuning, self-hosted',
  specialist: 'Specialist: a small model for closed labels',
} as const;

/** The only bases of which a vendor sees data. */
export const THIRD_PARTY: readonly BaseId[] = ['hosted-api', 'hybrid'];

export type BaseId = keyof typeof BASES;
export type LayerId = keyof typeof LAYERS;
export type TargetId = BaseId | LayerId;

export const BASE_IDS = Object.keys(BASES) as BaseId[];
export const LAYER_IDS = Object.keys(LAYERS) as LayerId[];
export const TARGET_IDS: readonly TargetId[] = [...BASE_IDS, ...LAYER_IDS];

export function labelOf(target: TargetId): string {
  return { ...BASES, ...LAYERS }[target];
}
