import { UNTASKED } from '../core/call-record.ts';
import { TrimtabError } from '../core/error.ts';
import { reportOf } from '../routing/engine-loads.ts';
import type { KeySnapshot } from '../stack/stack.ts';
import type { GatewayState } from './state.ts';

/** One row of `GET /v1/models`, in the OpenAI shape. */
export interface ModelRow {
  id: string;
  object: 'model';
  /** Epoch seconds. Vendors give a release date; ours is unknown, so 0. */
  created: number;
  owned_by: string;
}

type Offer = Pick<GatewayState, 'serving' | 'engines'>;

const TASK_OWNER = 'trimtab';

/**
 * What this key may write in `model`: its tasks, then `provider/model` of every declared deployment, of its provider's usual
 * models and of what engines serve now.
 */
export function listModels({ serving, engines }: Offer, key: KeySnapshot): ModelRow[] {
  const { stack } = serving.snapshot;
  const mayCall = (task: string): boolean => key.tasks === null || key.tasks.includes(task);
  const names = new Map<string, string>();
  for (const task of Object.keys(stack.tasks)) if (mayCall(task)) names.set(task, TASK_OWNER);
  if (mayCall(UNTASKED)) {
    for (const { provider, model } of Object.values(stack.deployments))
      names.set(`${provider}/${model}`, provider);
    for (const [name, { connection, suggestedModels }] of serving.providers) {
      if (!connection) continue;
      for (const model of suggestedModels) names.set(`${name}/${model}`, name);
      for (const { id } of reportOf(engines, name)?.models ?? []) names.set(`${name}/${id}`, name);
    }
  }
  return [...names].map(([id, owner]) => ({ id, object: 'model', created: 0, owned_by: owner }));
}

/** One of {@link listModels}. Throws unknown_model. */
export function findModel(offer: Offer, key: KeySnapshot, id: string): ModelRow {
  const found = listModels(offer, key).find((row) => row.id === id);
  if (found) return found;
  // A vendor's own name is not listed, but resolves.
  const target = offer.serving.targets.resolve(id);
  if (key.tasks !== null && !key.tasks.includes(target.task)) {
    throw new TrimtabError('unknown_model', `The key "${key.name}" may not call "${id}".`, {
      field: 'model',
    });
  }
  return { id, object: 'model', created: 0, owned_by: target.deployments[0]?.config.provider ?? TASK_OWNER };
}
