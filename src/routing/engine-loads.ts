/** What engines told of themselves, by provider, as the gateway thread knows it. */
import type { EngineLoad, ServedModel } from '../providers/engine.ts';

/** Engines are asked this often how busy they are. */
export const ENGINE_READ_EVERY_MS = 5_000;
/** An answer older than three intervals says nothing of now: it counts as unknown, never as 0. */
export const ENGINE_STALE_MS = 3 * ENGINE_READ_EVERY_MS;

export interface EngineReport {
  load: EngineLoad | null;
  /** When the load was read, epoch milliseconds; `null`: never. */
  loadAt: number | null;
  /** What it served when it last said so; `null`: it never did. */
  models: readonly Pick<ServedModel, 'id' | 'contextTokens'>[] | null;
}

/** By provider. */
export type EngineReports = Readonly<Record<string, EngineReport>>;

const UNKNOWN: EngineLoad = { waiting: null, running: null, kvCacheUse: null };

/** How busy a provider's engine is; all `null` when it is none, or was not heard of lately. */
export function loadOf(reports: EngineReports, provider: string, now: number): EngineLoad {
  const report = reportOf(reports, provider);
  if (!report?.load || report.loadAt === null || now - report.loadAt > ENGINE_STALE_MS) return UNKNOWN;
  return report.load;
}

/** Tokens of prompt and answer that the engine serves this model with; `undefined`: not known. */
export function servedContextOf(
  reports: EngineReports,
  { provider, model }: { provider: string; model: string },
): number | undefined {
  return reportOf(reports, provider)?.models?.find(({ id }) => id === model)?.contextTokens ?? undefined;
}

export function reportOf(reports: EngineReports, provider: string): EngineReport | undefined {
  return Object.hasOwn(reports, provider) ? reports[provider] : undefined;
}
