import type { Failure } from '../../providers/provider.ts';
import { fromChatError } from './errors.ts';

/** A chat vendor's failure, its words in the shape of the messages protocol. */
export function fromChatFailure(failure: Failure): Failure {
  if (!failure.body) return failure;
  const body = fromChatError(failure.body, failure.status);
  return { ...failure, body, status: body ? failure.status : failure.error.status };
}
