/**
 * The parts of a vendor's own API beside the protocols: what a provider says it has, and a config says may be used.
 * `protocols/operations.ts` holds the paths of each.
 */
export const OPERATION_GROUPS = [
  'completions',
  'images',
  'audio',
  'moderations',
  'fineTuning',
  'uploads',
  'files',
  'batches',
  'models',
] as const;
export type OperationGroup = (typeof OPERATION_GROUPS)[number];

/**
 * Parts that keep nothing at the vendor. The others reach what the whole account keeps there, whoever made it, so a
 * config must name them.
 */
const KEEPING_NOTHING: ReadonlySet<OperationGroup> = new Set([
  'completions',
  'images',
  'audio',
  'moderations',
]);

export function keepsNothing(group: OperationGroup): boolean {
  return KEEPING_NOTHING.has(group);
}

/** Whose words an API speaks: that of a vendor of chat, or that of a vendor of messages. */
export type OwnWire = 'chat' | 'messages';

/** What a vendor has of these. */
export interface OwnApi {
  wire: OwnWire;
  groups: readonly OperationGroup[];
}
