/** Every fact a profile can hold. Adding one: an entry in the file of its group; everything else follows. */
import type { Field, NumberField, ValueOf } from '../field.ts';
import { COST_FIELDS } from './cost.ts';
import { DATA_FIELDS, LATENCY_FIELDS } from './data.ts';
import { ASSET_FIELDS, PRODUCT_FIELDS, TEAM_FIELDS, WEIGHT_FIELDS } from './team.ts';
import { WORK_FIELDS } from './work.ts';

export const FIELDS = {
  ...WORK_FIELDS,
  ...DATA_FIELDS,
  ...LATENCY_FIELDS,
  ...COST_FIELDS,
  ...PRODUCT_FIELDS,
  ...TEAM_FIELDS,
  ...ASSET_FIELDS,
  ...WEIGHT_FIELDS,
} as const;

export type FactId = keyof typeof FIELDS;
export type FactValue<Id extends FactId> = ValueOf<(typeof FIELDS)[Id]>;
export type NumberId = { [Id in FactId]: (typeof FIELDS)[Id] extends NumberField ? Id : never }[FactId];

export const FACT_IDS = Object.keys(FIELDS) as FactId[];

export function fieldOf(id: FactId): Field {
  return FIELDS[id];
}

export function isFactId(text: string): text is FactId {
  return Object.hasOwn(FIELDS, text);
}
