import { TrimtabError } from '../../core/error.ts';

/** The chat protocol, which this deployment speaks instead, has no place for a field of the app's request. */
export function uncarried(field: string): TrimtabError {
  return new TrimtabError(
    'unsupported_parameter',
    `\`${field}\` cannot be carried to this deployment, which speaks the chat protocol.`,
    { field },
  );
}

/** Without the members that are `undefined` or `null`. */
export function omitAbsent(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}
