import { TrimtabError } from '../../core/error.ts';
import type { JsonObject } from '../json.ts';

/** The Messages API has no counterpart for a field. */
export function uncarried(field: string): TrimtabError {
  return new TrimtabError('unsupported_parameter', `\`${field}\` has no counterpart in the Messages API`, {
    field,
  });
}

/** The field is not what the chat protocol says it is. */
export function invalidField(field: string, expected: string): TrimtabError {
  return new TrimtabError('invalid_request', `\`${field}\` must be ${expected}`, { field });
}

/** Without the members that are `undefined` or `null`. */
export function omitAbsent(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}
