/**
 * Who may call. Virtual keys and the admin token carry 160 random bits, so a plain SHA-256 is a safe form to keep
 * them in; nothing here or elsewhere stores the key itself.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { KeySnapshot } from '../stack/stack.ts';

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The keys of one snapshot. A new snapshot makes a new keyring, which is how the cache is invalidated. */
export interface Keyring {
  /**
   * The virtual key of a request, from `authorization: Bearer tt-...` or `x-api-key: tt-...` (the first wins when
   * both are there). Throws missing_key, invalid_key, key_disabled, or key_expired by the clock at this call.
   */
  authenticate(headers: RequestHeaders): KeySnapshot;
  /** The key of this id, for what the house does on its behalf. Throws invalid_key, key_disabled, key_expired. */
  find(keyId: string): KeySnapshot;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const KEY_PREFIX = 'tt-';
const ADMIN_PREFIX = 'tt-admin-';
const KEY_BYTES = 20;
const SHOWN_CHARS = 7;
/** Longer header values are not ours; they are refused before they are hashed. */
const MAX_HEADER_CHARS = 256;
/** Raw header values remembered per keyring: the hash costs 2 us, a remembered header 0.05 us. */
const CACHE_ENTRIES = 4096;

/** @see Keyring */
export function createKeyring(keys: readonly KeySnapshot[], clock: Clock): Keyring {
  const byHash = new Map(keys.map((key) => [key.sha256, key]));
  const cache = new Map<string, KeySnapshot>();

  const checkUsable = (key: KeySnapshot): KeySnapshot => {
    if (key.disabled) throw new TrimtabError('key_disabled', `The virtual key "${key.name}" is disabled.`);
    if (key.expiresAt !== null && clock.now() >= key.expiresAt) {
      const when = new Date(key.expiresAt).toISOString();
      throw new TrimtabError('key_expired', `The virtual key "${key.name}" expired at ${when}.`);
    }
    return key;
  };
  const remember = (raw: string, key: KeySnapshot): void => {
    if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value as string);
    cache.set(raw, key);
  };
  return {
    authenticate(headers) {
      const raw = credentialHeader(headers);
      let key = cache.get(raw);
      if (!key) {
        key = byHash.get(hashSecret(readKey(raw)));
        if (!key) throw unknownKey(raw);
        remember(raw, key);
      }
      return checkUsable(key);
    },
    find(keyId) {
      const key = keys.find(({ id }) => id === keyId);
      if (!key) throw new TrimtabError('invalid_key', 'The virtual key of this call is not there any more.');
      return checkUsable(key);
    },
  };
}

/** A new virtual key: `tt-` and 32 base-32 characters. `prefix` is enough to tell keys apart: `tt-ab12`. */
export function newVirtualKey(): { key: string; sha256: string; prefix: string } {
  const key = KEY_PREFIX + randomText();
  return { key, sha256: hashSecret(key), prefix: key.slice(0, SHOWN_CHARS) };
}

/** A new admin token: `tt-admin-` and 32 base-32 characters. */
export function newAdminToken(): { token: string; sha256: string } {
  const token = ADMIN_PREFIX + randomText();
  return { token, sha256: hashSecret(token) };
}

/** Hex SHA-256. For secrets of 128 random bits and more only; passwords need a slow hash. */
export function hashSecret(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Compares two hashes in constant time. Texts of different length are different. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function randomText(): string {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const byte of randomBytes(KEY_BYTES)) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  return text;
}

/** The raw value of the header that carries the key: what the cache is keyed by. */
function credentialHeader(headers: RequestHeaders): string {
  const authorization = first(headers.authorization);
  const apiKey = first(headers['x-api-key']);
  if (authorization !== undefined && (apiKey === undefined || isBearer(authorization))) return authorization;
  if (apiKey !== undefined) return apiKey;
  throw new TrimtabError('missing_key', 'The request carries no virtual key.');
}

function readKey(raw: string): string {
  if (raw.length > MAX_HEADER_CHARS) throw unknownKey(raw);
  const key = isBearer(raw) ? raw.slice('bearer '.length).trim() : raw.trim();
  if (key === '') throw new TrimtabError('missing_key', 'The request carries an empty virtual key.');
  return key;
}

function unknownKey(raw: string): TrimtabError {
  const key = isBearer(raw) ? raw.slice('bearer '.length).trim() : raw.trim();
  if (key.startsWith(ADMIN_PREFIX)) {
    return new TrimtabError('invalid_key', 'That is an admin token; calls need a virtual key.');
  }
  if (!key.startsWith(KEY_PREFIX)) {
    const text = `A virtual key starts with \`${KEY_PREFIX}\`; what was sent does not (a vendor's key belongs in the config).`;
    return new TrimtabError('invalid_key', text);
  }
  return new TrimtabError('invalid_key', 'No virtual key of this server matches the one sent.');
}

function isBearer(value: string): boolean {
  return /^bearer /i.test(value);
}

function first(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  return text === '' ? undefined : text;
}
