import { TrimtabError } from '../../core/error.ts';
import { isObject, type ParsedRequest } from '../../protocols/request.ts';
import type { Target } from '../../routing/target.ts';
import type { KeySnapshot } from '../../stack/stack.ts';
import type { Call } from '../call.ts';

const MAX_NAME_CHARS = 100;
const MAX_USER_CHARS = 256;
const MAX_TAGS = 16;
const MAX_TAG_NAME_CHARS = 64;
const MAX_TAG_CHARS = 512;

/** Whom records of load tests name. In no keyring: nobody can call with it. */
const LOAD_TEST_KEY: KeySnapshot = {
  id: 'key_load_test',
  sha256: '',
  name: 'load tests',
  owner: null,
  tasks: null,
  expiresAt: null,
  disabled: false,
};

/** The virtual key that calls, or that the house calls for. Throws missing_key, invalid_key, key_disabled, key_expired. */
export function callerOf({ serving, request }: Call): KeySnapshot {
  const { acting, headers } = request;
  if (acting === undefined) return serving.keyring.authenticate(headers);
  return 'loadTestId' in acting ? LOAD_TEST_KEY : serving.keyring.find(acting.keyId);
}

/** Throws invalid_json, invalid_request. */
export function parse(call: Call): ParsedRequest {
  const parsed = call.codec.parse(call.request.body, call.request.headers);
  call.requestedModel = parsed.model;
  call.streamed = parsed.stream;
  return parsed;
}

/** Finds the task and the app's user. Throws unknown_model, ambiguous_model, key_scope, not_found. */
export function identify(call: Call): void {
  const { parsed, serving, request } = call;
  if (!parsed) return;
  const { acting, provider } = request;
  if (acting && 'loadTestId' in acting) {
    aimAt(call, serving.targets.ofLoadTest(acting.deployment), parsed.body);
    return;
  }
  if (provider !== undefined) checkProvider(call, provider);
  const name = provider === undefined ? parsed.model : `${provider}/${parsed.model}`;
  aimAt(call, serving.targets.resolve(name), parsed.body);
}

/** Throws not_found unless the stack has the provider whose own base URL is asked. */
export function checkProvider({ serving }: Call, name: string): void {
  if (!serving.providers.has(name))
    throw new TrimtabError('not_found', `There is no provider "${name.slice(0, MAX_NAME_CHARS)}".`);
}

/** The call is one of `target`, as far as its key may. Throws key_scope. */
export function aimAt(call: Call, target: Target, body: Readonly<Record<string, unknown>>): void {
  const { key } = call;
  if (!key) return;
  call.target = target;
  if (target.capture !== 'none') {
    call.user = readUser(call, body);
    call.tags = readTags(call.codec.tagsOf(body));
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

function readUser(call: Call, body: Readonly<Record<string, unknown>>): string | null {
  const header = call.request.headers['x-trimtab-user'];
  for (const value of [...call.codec.usersOf(body), header]) {
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
