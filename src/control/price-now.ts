import { TrimtabError } from '../core/error.ts';
import { type StatedPrice, statedPrice } from '../evidence/pricing.ts';
import { findProvider } from '../providers/index.ts';
import type { DeploymentConfig, Snapshot } from '../stack/stack.ts';

/** Price now; `null` when there is none, or when the provider cannot be bound (its secret is missing). */
export function readPrice(
  deployment: DeploymentConfig,
  snapshot: Snapshot,
  now: { at: number; measuredTokensPerSecond: number | null },
): StatedPrice | null {
  const provider = snapshot.stack.providers[deployment.provider];
  const secrets = snapshot.secrets[deployment.provider] ?? { apiKey: null, headers: {} };
  try {
    const connection = provider && findProvider(provider.type)?.connect(provider, secrets);
    return connection ? statedPrice({ deployment, connection, ...now }) : null;
  } catch (error) {
    if (error instanceof TrimtabError) return null;
    throw error;
  }
}
