import { TrimtabError } from '../../core/error.ts';
import { codecOf } from '../../protocols/index.ts';
import { isObject, type ParsedRequest } from '../../protocols/request.ts';
import type { KeySnapshot } from '../../stack/stack.ts';
import type { Call } from '../call.ts';

const MAX_USER_CHARS = 256;
const MAX_TAGS = 16;
const MAX_TAG_NAME_CHARS = 64;
const MAX_TAG_CHARS = 512;

/** The virtual key that calls, or that the house calls for. Throws missing_key, invalid_key, key_disabled, key_expired. */
export function callerOf({ serving, request }: Call): KeySnapshot {
  const { acting, headers } = request;
  return acting ? serving.keyring.find(acting.keyId) : serving.keyring.authenticate(headers);
}

/** Throws invalid_json, invalid_request. */
export function parse({ protocol, request }: Call): ParsedRequest {
  return codecOf(protocol).parse(request.body, request.headers);
}

/** Finds the task and the app's user. Throws unknown_model, ambiguous_model, key_scope. */
export function identify(call: Call): void {
  const { parsed, key, serving } = call;
  if (!parsed || !key) return;
  const target = serving.targets.resolve(parsed.model);
  call.target = target;
  if (target.capture !== 'none') {
    call.user = readUser(call);
    call.tags = readTags(codecOf(call.protocol).tagsOf(parsed.body));
  }
  if (target.capture === 'full') call.kept = [];
  if (key.tasks !== null && !key.tasks.includes(target.task)) {
    throw new TrimtabError(
      'key_scope',
      `The key "${key.name}" may not call the task "${target.task}"; its scopes are ${key.tasks.join(', ') || 'empty'}.`,
      { field: 'model' },
    );
  }
}

function readUser(call: Call): string | null {
  const body = call.parsed?.body ?? {};
  const header = call.request.headers['x-trimtab-user'];
  for (const value of [...codecOf(call.protocol).usersOf(body), header]) {
    if (typeof value === 'string' && value !== '') return value.slice(0, MAX_USER_CHARS);
  }
  return null;
}

/** Text members only, within the limits OpenAI sets on `metadata`. */
function readTags(metadata: unknown): Record<string, string> {
  const tags: Record<string, string> = {};
  if (!isObject(metadata)) return tags;
  let count = 0;
  for (const name of Object.keys(metadata)) {
    const value = metadata[name];
    // An own `__proto__` member would not become a tag but a prototype.
    if (typeof value !== 'string' || name === '__proto__') continue;
    tags[name.slice(0, MAX_TAG_NAME_CHARS)] = value.slice(0, MAX_TAG_CHARS);
    if (++count === MAX_TAGS) break;
  }
  return tags;
}
