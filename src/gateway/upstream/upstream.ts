/** Connections to vendors: one undici pool per origin and connect timeout. Nothing else in the house opens a socket to a model. */
import { Pool } from 'undici';
import type { Clock } from '../../core/clock.ts';
import type { EgressPass } from '../../governance/egress.ts';
import type { UpstreamRequest } from '../../providers/provider.ts';
import { Transfer, type TransferListener } from './transfer.ts';

export interface Upstream {
  /** Sends a request. It takes an egress pass, so that nothing leaves unchecked. */
  send(pass: EgressPass, outgoing: Outgoing): Transfer;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export interface Outgoing {
  request: UpstreamRequest;
  connectMs: number;
  listener: TransferListener;
}

export type LocalVendors = ReadonlyMap<string, () => Promise<{ host: string; port: number }>>;

/** Pools without a request for this long are closed when a new one is opened. */
const IDLE_POOL_MS = 600_000;

/** By origin, then by connect timeout. */
type Pools = Map<string, Map<number, PoolEntry>>;

interface PoolEntry {
  pool: Pool;
  usedAt: number;
}

/** `localVendors`: vendors simulated on this machine by the origin their provider names, started on first use. */
export function createUpstream(localVendors: LocalVendors, clock: Clock): Upstream {
  const pools: Pools = new Map();
  const started = new Map<string, string>();
  const starting = new Map<string, Promise<string>>();

  function poolOf(origin: string, connectMs: number): Pool {
    let entries = pools.get(origin);
    if (!entries) {
      entries = new Map();
      pools.set(origin, entries);
    }
    let entry = entries.get(connectMs);
    if (!entry) {
      closeIdle(pools, clock.now() - IDLE_POOL_MS);
      entry = { pool: openPool(origin, connectMs), usedAt: 0 };
      entries.set(connectMs, entry);
    }
    entry.usedAt = clock.now();
    return entry.pool;
  }

  function dispatch(transfer: Transfer, origin: string, { request, connectMs }: Outgoing): void {
    const { path, method, headers, body } = request;
    try {
      const bytes = Array.isArray(body) ? Buffer.concat(body) : body;
      poolOf(origin, connectMs).dispatch({ path, method, headers, body: bytes }, transfer);
    } catch (error) {
      transfer.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function startLocal(origin: string, start: () => Promise<{ host: string; port: number }>): Promise<string> {
    let promise = starting.get(origin);
    if (!promise) {
      promise = start().then(({ host, port }) => {
        const real = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
        started.set(origin, real);
        return real;
      });
      starting.set(origin, promise);
      // A vendor that failed to start is tried again by the next call.
      promise.catch(() => starting.delete(origin));
    }
    return promise;
  }

  return {
    send(_pass, outgoing) {
      const transfer = new Transfer(outgoing.listener);
      const { origin } = outgoing.request;
      const start = localVendors.get(origin);
      const real = start ? started.get(origin) : origin;
      if (real !== undefined) dispatch(transfer, real, outgoing);
      else if (start) {
        startLocal(origin, start).then(
          (local) => {
            if (!transfer.released) dispatch(transfer, local, outgoing);
          },
          (error: Error) => transfer.fail(error),
        );
      }
      return transfer;
    },
    async close() {
      const entries = [...pools.values()].flatMap((byTimeout) => [...byTimeout.values()]);
      await Promise.all(entries.map(({ pool }) => pool.destroy()));
      pools.clear();
    },
  };
}

/** HTTP/1.1 only, no pipelining, no timeouts of its own but the connect one: the call's watch keeps the rest. */
function openPool(origin: string, connectMs: number): Pool {
  return new Pool(origin, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectMs },
  });
}

function closeIdle(pools: Pools, before: number): void {
  for (const entries of pools.values()) {
    for (const [connectMs, { pool, usedAt }] of entries) {
      if (usedAt > before || pool.stats.running > 0 || pool.stats.pending > 0) continue;
      entries.delete(connectMs);
      void pool.close();
    }
  }
}
