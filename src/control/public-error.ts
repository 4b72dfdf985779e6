import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';

/**
 * What was thrown while `what` was answered, as its caller may read it. A fault of ours says nothing of its insides,
 * and a database that is away says nothing of its address: both are in the server's log instead.
 */
export function toPublicError(
  thrown: unknown,
  { logger, what }: { logger: Logger; what: string },
): TrimtabError {
  if (thrown instanceof TrimtabError && thrown.code === 'store_unavailable') {
    logger.warn({ error: thrown.message }, what);
    const text = "The database does not answer; the server's log says why.";
    return new TrimtabError('store_unavailable', text, { cause: thrown });
  }
  const known =
    thrown instanceof TrimtabError
      ? thrown
      : new TrimtabError('internal', 'something broke here', { cause: thrown });
  if (known.code === 'internal') {
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    logger.error({ error }, what);
  }
  return known;
}
