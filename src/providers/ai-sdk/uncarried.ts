import { TrimtabError } from '../../core/error.ts';

/** The vendor's API has no counterpart for a field. */
export function uncarried(vendor: string, field: string, because = ''): TrimtabError {
  const message = `\`${field}\` cannot be carried to ${vendor}${because}`;
  return new TrimtabError('unsupported_parameter', message, { field });
}

/** The field is not what the chat protocol says it is. */
export function invalidField(field: string, expected: string): TrimtabError {
  return new TrimtabError('invalid_request', `\`${field}\` must be ${expected}`, { field });
}
