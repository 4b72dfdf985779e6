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

type StartVendor = () => Promise<{ host: string; port: number }>;

/** Vendors simulated on this machine by the origin their provider names, started on first use. */
export type LocalVendors = ReadonlyMap<string, StartVendor>;

/** Pools without a request for this long are closed when a new one is opened. */
const IDLE_POOL_MS = 600_000;

interface PoolEntry {
  pool: Pool;
  usedAt: number;
}

export function createUpstream(localVendors: LocalVendors, clock: Clock): Upstream {
  return new PooledUpstream(localVendors, clock);
}

class PooledUpstream implements Upstream {
  readonly #localVendors: LocalVendors;
  readonly #clock: Clock;
  /** By origin, then by connect timeout. */
  readonly #pools = new Map<string, Map<number, PoolEntry>>();
  /** Real origins of local vendors, once they run. */
  readonly #started = new Map<string, string>();
  readonly #starting = new Map<string, Promise<string>>();

  constructor(localVendors: LocalVendors, clock: Clock) {
    this.#localVendors = localVendors;
    this.#clock = clock;
  }

  send(_pass: EgressPass, outgoing: Outgoing): Transfer {
    const transfer = new Transfer(outgoing.listener);
    const { origin } = outgoing.request;
    const start = this.#localVendors.get(origin);
    const real = start ? this.#started.get(origin) : origin;
    if (real !== undefined) {
      this.#dispatch(transfer, real, outgoing);
    } else if (start) {
      this.#startLocal(origin, start).then(
        (local) => {
          if (!transfer.released) this.#dispatch(transfer, local, outgoing);
        },
        (error: Error) => transfer.fail(error),
      );
    }
    return transfer;
  }

  async close(): Promise<void> {
    const entries = [...this.#pools.values()].flatMap((byTimeout) => [...byTimeout.values()]);
    this.#pools.clear();
    await Promise.all(entries.map(({ pool }) => pool.destroy()));
  }

  #dispatch(transfer: Transfer, origin: string, { request, connectMs }: Outgoing): void {
    const { path, method, headers, body } = request;
    try {
      const whole = Array.isArray(body) ? Buffer.concat(body) : body;
      this.#poolOf(origin, connectMs).dispatch({ path, method, headers, body: whole }, transfer);
    } catch (error) {
      transfer.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #poolOf(origin: string, connectMs: number): Pool {
    let entries = this.#pools.get(origin);
    if (!entries) {
      entries = new Map();
      this.#pools.set(origin, entries);
    }
    let entry = entries.get(connectMs);
    if (!entry) {
      this.#closeIdle();
      entry = { pool: openPool(origin, connectMs), usedAt: 0 };
      entries.set(connectMs, entry);
    }
    entry.usedAt = this.#clock.now();
    return entry.pool;
  }

  #closeIdle(): void {
    const before = this.#clock.now() - IDLE_POOL_MS;
    for (const entries of this.#pools.values()) {
      for (const [connectMs, { pool, usedAt }] of entries) {
        if (usedAt > before || pool.stats.running > 0 || pool.stats.pending > 0) continue;
        entries.delete(connectMs);
        void pool.close();
      }
    }
  }

  #startLocal(origin: string, start: StartVendor): Promise<string> {
    let promise = this.#starting.get(origin);
    if (!promise) {
      promise = start().then(({ host, port }) => {
        const real = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
        this.#started.set(origin, real);
        return real;
      });
      this.#starting.set(origin, promise);
      // A vendor that failed to start is tried again by the next call.
      promise.catch(() => this.#starting.delete(origin));
    }
    return promise;
  }
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
