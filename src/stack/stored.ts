import { DEFAULT_GATEWAY, DEFAULT_RETENTION, DEFAULT_SPOOL } from './schema.ts';
import type { Stack } from './stack.ts';

/**
 * A stack as an earlier version stored it, in today's shape: settings of `gateway`, `spool` and `retention` that did
 * not exist then have their defaults, so that serving by it again leaves nothing without a limit.
 */
export function fromStored(stored: Stack): Stack {
  return {
    ...stored,
    gateway: { ...DEFAULT_GATEWAY, ...stored.gateway },
    spool: { ...DEFAULT_SPOOL, ...stored.spool },
    retention: { ...DEFAULT_RETENTION, ...stored.retention },
  };
}
