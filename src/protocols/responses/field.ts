import { TrimtabError } from '../../core/error.ts';

/** The chat protocol, through which this deployment is reached, has no place for a field. */
export function uncarried(field: string, why = 'has no counterpart in chat completions'): TrimtabError {
  const text = `\`${field}\` ${why}, and this deployment does not speak the Responses API.`;
  return new TrimtabError('unsupported_parameter', text, { field });
}

/** Without the members that are `undefined` or `null`. */
export function omitAbsent(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Throws for each of the members that says something. */
export function refuseMembers(
  object: Readonly<Record<string, unknown>>,
  members: readonly string[],
  at: string,
): void {
  for (const member of members) {
    const value = object[member];
    if (value !== undefined && value !== null) throw uncarried(`${at}.${member}`);
  }
}

/** Chat members by the Responses field they come from. */
const CHAT_FIELDS: readonly (readonly [chat: string, field: string])[] = [
  ['response_format', 'text.format'],
  ['max_completion_tokens', 'max_output_tokens'],
  ['max_tokens', 'max_output_tokens'],
  ['reasoning_effort', 'reasoning.effort'],
  ['verbosity', 'text.verbosity'],
  ['logprobs', 'top_logprobs'],
  ['messages', 'input'],
];

/** A provider's refusal of the chat request, naming what the app wrote. */
export function toAppError(thrown: unknown): unknown {
  if (!(thrown instanceof TrimtabError) || thrown.field === undefined) return thrown;
  const { field } = thrown;
  const pair = CHAT_FIELDS.find(([chat]) => field === chat || /^[.[]/.test(field.slice(chat.length)));
  if (!pair || !field.startsWith(pair[0])) return thrown;
  // Messages and items are not numbered alike.
  const named = pair[1];
  const message = thrown.message.replaceAll(`\`${field}\``, `\`${named}\``);
  return new TrimtabError(thrown.code, message, { field: named, cause: thrown });
}
