/** Which deployments are drained: settings of the store, one per deployment, so that every replica sees them and two changes at once do not lose one. */
import type { Drain } from '../stack/stack.ts';
import type { SettingStore } from '../store/store.ts';

const PREFIX = 'drained:';

/** By deployment. */
export async function readDrains(settings: SettingStore): Promise<Record<string, Drain>> {
  const rows = [...(await settings.withPrefix(PREFIX))].sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(rows.map(([deployment, value]) => [deployment, JSON.parse(value) as Drain]));
}

/** Returns the drain that stands: the earlier one, when it is drained already. */
export async function addDrain(settings: SettingStore, deployment: string, drain: Drain): Promise<Drain> {
  return JSON.parse(await settings.setIfAbsent(PREFIX + deployment, JSON.stringify(drain))) as Drain;
}

export function removeDrain(settings: SettingStore, deployment: string): Promise<void> {
  return settings.remove(PREFIX + deployment);
}
