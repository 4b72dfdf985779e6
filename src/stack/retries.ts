import type { RetryConfig } from './stack.ts';

/** Of tasks that set none, of calls that name no task, and of revisions stored before there were retries. */
export const DEFAULT_RETRIES: RetryConfig = { attempts: 1, backoffMs: 250, maxWaitMs: 10_000 };
