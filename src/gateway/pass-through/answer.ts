/** What of a vendor's own answer reaches the client. */

import { toFailure } from '../../providers/failure.ts';
import { asObject, asString, readObject } from '../../providers/json.ts';
import type { Failure } from '../../providers/provider.ts';
import type { RunningAttempt } from '../call.ts';
import { answerHeaders } from '../stages/deliver.ts';
import { atDeployment } from '../upstream/trouble.ts';

/** Headers that say what the body is; those of every answer come from `answerHeaders`. */
const ABOUT_BODY = [
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-range',
  'accept-ranges',
  'cache-control',
  'etag',
  'last-modified',
];

export function ownHeaders({ call, headers }: RunningAttempt, length: number | null): Record<string, string> {
  const type = headers['content-type'];
  const all = answerHeaders(call, typeof type === 'string' ? type : 'application/octet-stream');
  for (const name of ABOUT_BODY) {
    const value = headers[name];
    if (typeof value === 'string') all[name] = value;
  }
  if (length !== null) all['content-length'] = String(length);
  return all;
}

export interface ErrorAnswer {
  body: Buffer;
  headers: RunningAttempt['headers'];
}

/**
 * A vendor's error. Its status and JSON body come back as they are, less our secrets; but what it says of our credential is
 * not the app's, and what is no JSON is said in our words.
 */
export function toOwnFailure({ call, allowed, record }: RunningAttempt, answer: ErrorAnswer): Failure {
  const status = record.status ?? 0;
  const parsed = readObject(answer.body);
  const error = asObject(parsed?.error);
  const failure = toFailure({
    vendor: call.serving.providers.get(allowed.config.provider)?.config.type ?? allowed.config.provider,
    status,
    code: asString(error?.code) ?? asString(error?.type) ?? null,
    headers: (name) => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: null,
  });
  const named = atDeployment(failure, allowed.name);
  if (!parsed || status < 400 || failure.error.code === 'upstream_auth') return named;
  const text = answer.body.toString();
  const redacted = call.serving.redact(text);
  return { ...named, status, body: redacted === text ? answer.body : Buffer.from(redacted) };
}
