import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { OperationGroup, OwnWire } from '../core/operation.ts';
import type { ThroughputMeter } from '../evidence/throughput.ts';
import { createKeyring, type Keyring } from '../governance/keys.ts';
import { createSnapshotRedact, type Redact } from '../governance/redact.ts';
import type { Connection, Provider } from '../providers/provider.ts';
import type { EngineReports } from '../routing/engine-loads.ts';
import type { Gates } from '../routing/gates.ts';
import type { Health } from '../routing/health.ts';
import type { HedgeBudget } from '../routing/hedge-budget.ts';
import type { Latencies } from '../routing/latencies.ts';
import type { RoutingPolicy } from '../routing/policy.ts';
import { createTargetResolver, type TargetResolver } from '../routing/target.ts';
import { partsOf } from '../stack/pass-through.ts';
import type { ProviderConfig, ProviderSecrets, Snapshot } from '../stack/stack.ts';
import type { GatewayOptions } from './gateway.ts';
import type { Roster } from './under-way.ts';
import type { Upstream } from './upstream/upstream.ts';
import type { Deadlines } from './watch.ts';

/** What all calls share for as long as the gateway lives. */
export interface GatewayState {
  readonly options: GatewayOptions;
  readonly policies: ReadonlyMap<string, RoutingPolicy>;
  readonly upstream: Upstream;
  readonly health: Health;
  readonly gates: Gates;
  readonly latencies: Latencies;
  /** By task. */
  readonly hedgeBudgets: Map<string, HedgeBudget>;
  /** Prices deployments whose throughput is `measured`. */
  readonly throughput: ThroughputMeter;
  /** Times every call's phases. */
  readonly deadlines: Deadlines;
  /** Calls under way. */
  readonly calls: Roster;
  /** Replaced as a whole by a new snapshot; a call keeps the one it began with. */
  serving: Serving;
  /** Replaced as a whole by the next report. */
  engines: EngineReports;
  callsServed: number;
  openStreams: number;
  /** It is told to stop: `/readyz` fails, calls are still taken. */
  leaving: boolean;
  /** No new call is taken. */
  draining: boolean;
}

/** A snapshot, made ready to serve by. */
export interface Serving {
  readonly snapshot: Snapshot;
  readonly keyring: Keyring;
  /** Knows the secrets of this snapshot. */
  readonly redact: Redact;
  readonly providers: ReadonlyMap<string, ConnectedProvider>;
  readonly targets: TargetResolver;
}

export interface ConnectedProvider {
  readonly config: ProviderConfig;
  readonly sandbox: boolean;
  readonly suggestedModels: readonly string[];
  /** Parts of its own API that keys may use, in the words of `wire`; `null`: none. */
  readonly own: { wire: OwnWire; groups: ReadonlySet<OperationGroup> } | null;
  /** `null`: it could not be connected; `trouble` says why. */
  readonly connection: Connection | null;
  readonly trouble: string;
}

const NO_SECRETS: ProviderSecrets = { apiKey: null, headers: {} };

/** A provider that cannot be connected is left out with a reason, so that one bad entry does not stop the rest. */
export function prepareServing(snapshot: Snapshot, options: ServingOptions): Serving {
  const types = new Map(options.providers.map((provider) => [provider.type, provider]));
  const providers = new Map<string, ConnectedProvider>();
  const connections = new Map<string, Connection>();
  for (const [name, config] of Object.entries(snapshot.stack.providers)) {
    const type = types.get(config.type);
    const connected = connect(config, type, snapshot.secrets[name] ?? NO_SECRETS);
    if (connected.connection) connections.set(name, connected.connection);
    else options.logger.error({ provider: name, trouble: connected.trouble }, 'A provider cannot be used');
    providers.set(name, connected);
  }
  return {
    snapshot,
    keyring: createKeyring(snapshot.keys, options.clock),
    redact: createSnapshotRedact(snapshot),
    providers,
    targets: createTargetResolver(snapshot.stack, connections),
  };
}

export interface ServingOptions {
  providers: readonly Provider[];
  clock: Clock;
  logger: Logger;
}

function connect(
  config: ProviderConfig,
  type: Provider | undefined,
  secrets: ProviderSecrets,
): ConnectedProvider {
  const base = {
    config,
    sandbox: type?.sandbox ?? false,
    suggestedModels: type?.suggestedModels ?? [],
    own: ownOf(config, type),
  };
  if (!type) return { ...base, connection: null, trouble: `its type "${config.type}" is not known here` };
  try {
    return { ...base, connection: type.connect(config, secrets), trouble: '' };
  } catch (error) {
    return {
      ...base,
      connection: null,
      trouble: error instanceof Error ? error.message : 'it cannot be connected',
    };
  }
}

function ownOf(config: ProviderConfig, type: Provider | undefined): ConnectedProvider['own'] {
  const ownApi = type?.ownApi;
  return ownApi ? { wire: ownApi.wire, groups: new Set(partsOf(config, ownApi)) } : null;
}
