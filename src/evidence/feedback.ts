/** Feedback as clients and people send it, parsed once. */
import { createHash } from 'node:crypto';
import { TrimtabError } from '../core/error.ts';
import { encodeTime, idTime, type MakeId } from '../core/id.ts';
import type { Feedback } from '../store/store.ts';

export interface FeedbackContext {
  /** The virtual key that sent it; `null` when it came through the control API. */
  keyId: string | null;
  makeId: MakeId;
  /** Epoch milliseconds. */
  now: number;
}

const FIELDS = ['call_id', 'score', 'thumbs', 'value', 'name', 'comment', 'correction', 'id'];
const MAX_COMMENT_CHARS = 4000;
const MAX_CORRECTION_CHARS = 65_536;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const CLIENT_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const ID_CHARS = 16;

/**
 * Parses `{ call_id, score | thumbs | value, name?, comment?, correction?, id? }`: exactly one of `score` (0 to 1, or
 * "up" / "down"), `thumbs` ("up" / "down") and `value` (boolean). `id` makes a repeated request harmless: the same
 * key, call and id are one feedback. Throws invalid_request naming the field; unknown fields are refused.
 */
export function parseFeedback(body: unknown, { keyId, makeId, now }: FeedbackContext): Feedback {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TrimtabError('invalid_request', 'Feedback is a JSON object with `call_id` and `score`.');
  }
  const fields = body as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (!FIELDS.includes(name)) {
      throw invalid(name.slice(0, 64), `is not a field of feedback; the fields are ${FIELDS.join(', ')}`);
    }
  }
  const callId = parseCallId(fields.call_id);
  const clientId = optionalText(fields, 'id', 64);
  if (clientId !== null && !CLIENT_ID.test(clientId)) {
    throw invalid('id', 'takes 1 to 64 letters, digits and `_.:-`');
  }
  const name = optionalText(fields, 'name', 64) ?? 'score';
  if (!NAME.test(name)) throw invalid('name', 'begins with a letter and takes 64 letters, digits and `_.-`');
  return {
    id: clientId === null ? makeId('fb') : stableId(callId, `${keyId ?? ''}\n${clientId}`),
    callId,
    name,
    score: parseScore(fields),
    comment: optionalText(fields, 'comment', MAX_COMMENT_CHARS),
    correction: optionalText(fields, 'correction', MAX_CORRECTION_CHARS),
    keyId,
    createdAt: now,
  };
}

function parseCallId(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('call_') && idTime(value) !== undefined) return value;
  throw invalid('call_id', 'must be a call id: the `x-trimtab-call-id` header of the answer');
}

function parseScore(fields: Record<string, unknown>): number {
  const given = ['score', 'thumbs', 'value'].filter((name) => fields[name] !== undefined);
  if (given.length !== 1) {
    throw invalid(
      'score',
      'give exactly one of `score` (0 to 1), `thumbs` ("up" or "down"), `value` (boolean)',
    );
  }
  const field = given[0] as string;
  const value = fields[field];
  if (field === 'value') {
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw invalid(field, 'must be true or false');
  }
  if (value === 'up') return 1;
  if (value === 'down') return 0;
  if (field === 'thumbs') throw invalid(field, 'must be "up" or "down"');
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid(field, 'must be a number from 0 to 1, "up" or "down"');
}

/** Absent, `null` and empty read as `null`. */
function optionalText(fields: Record<string, unknown>, name: string, maxChars: number): string | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalid(name, 'must be text');
  if (value.length > maxChars) throw invalid(name, `is longer than ${maxChars} characters`);
  return value;
}

/** An id that depends on nothing but what is given, with the time of the call, so that it sorts like the others. */
function stableId(callId: string, seed: string): string {
  const hash = createHash('sha256').update(`${callId}\n${seed}`).digest('hex').slice(0, ID_CHARS);
  return `fb_${encodeTime(idTime(callId) as number)}${hash}`;
}

function invalid(field: string, problem: string): TrimtabError {
  return new TrimtabError('invalid_request', `\`${field}\`: ${problem}.`, { field });
}
