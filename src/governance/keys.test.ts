import { describe, expect, test } from 'vitest';
import { createManualClock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { KeySnapshot } from '../stack/stack.ts';
import { createKeyring, hashSecret, newAdminToken, newVirtualKey, sameHash } from './keys.ts';

const START = Date.UTC(2026, 10, 23);

function keyOf(secret: string, more: Partial<KeySnapshot> = {}): KeySnapshot {
  return {
    id: 'key_1',
    sha256: hashSecret(secret),
    name: 'web',
    owner: null,
    tasks: null,
    expiresAt: null,
    disabled: false,
    ...more,
  };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TrimtabError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a new virtual key', () => {
  test('has 160 bits in 32 characters and matches its hash', () => {
    const made = newVirtualKey();
    expect(made.key).toMatch(/^tt-[0-9a-hjkmnp-tv-z]{32}$/);
    expect(made.prefix).toBe(made.key.slice(0, 7));
    expect(hashSecret(made.key)).toBe(made.sha256);
    expect(newAdminToken().token).toMatch(/^tt-admin-[0-9a-hjkmnp-tv-z]{32}$/);
  });

  test('uses every letter of the alphabet and never repeats', () => {
    const keys = Array.from({ length: 500 }, () => newVirtualKey().key);
    expect(new Set(keys).size).toBe(500);
    expect(new Set(keys.join('').replaceAll('tt-', '')).size).toBe(32);
  });
});

describe('authenticate', () => {
  const { key } = newVirtualKey();
  const snapshot = keyOf(key);
  const clock = createManualClock(START);

  test('takes the key from either header, whatever the case of the scheme', () => {
    const ring = createKeyring([snapshot], clock);
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key} ` },
      { 'x-api-key': key },
      { authorization: `Bearer ${key}`, 'x-api-key': 'something else' },
      { authorization: 'Basic abc', 'x-api-key': key },
    ]) {
      expect(ring.authenticate(headers)).toBe(snapshot);
      expect(ring.authenticate(headers)).toBe(snapshot);
    }
  });

  test.each([
    ['missing_key', {}],
    ['missing_key', { authorization: '' }],
    ['missing_key', { authorization: 'Bearer  ' }],
    ['invalid_key', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['invalid_key', { authorization: `Bearer ${newVirtualKey().key}` }],
    ['invalid_key', { authorization: `Bearer ${key}x` }],
    ['invalid_key', { authorization: `Bearer ${key.toUpperCase()}` }],
    ['invalid_key', { 'x-api-key': `${key}${' '.repeat(300)}` }],
    ['invalid_key', { authorization: `Bearer ${newAdminToken().token}` }],
  ])('throws %s for %j', (code, headers) => {
    expect(codeOf(() => createKeyring([snapshot], clock).authenticate(headers))).toBe(code);
  });

  test('says nothing of the key that was sent', () => {
    const sent = newVirtualKey().key;
    const ring = createKeyring([snapshot], clock);
    expect(() => ring.authenticate({ authorization: `Bearer ${sent}` })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(sent.slice(3, 12)) }),
    );
  });

  test('refuses a disabled key', () => {
    const ring = createKeyring([keyOf(key, { disabled: true })], clock);
    expect(codeOf(() => ring.authenticate({ 'x-api-key': key }))).toBe('key_disabled');
  });

  test('asks the clock each time, also for a remembered key', () => {
    const turning = createManualClock(START);
    const ring = createKeyring([keyOf(key, { expiresAt: START + 1000 })], turning);
    turning.turn(999);
    expect(codeOf(() => ring.authenticate({ 'x-api-key': key }))).toBe('none');
    turning.turn(1);
    expect(codeOf(() => ring.authenticate({ 'x-api-key': key }))).toBe('key_expired');
  });

  test('stays right when more headers were seen than it remembers', () => {
    const ring = createKeyring([snapshot], clock);
    for (let spaces = 0; spaces < 200; spaces++) {
      expect(ring.authenticate({ authorization: `Bearer ${key}${' '.repeat(spaces)}` })).toBe(snapshot);
    }
    const many = Array.from({ length: 5000 }, (_, n) => `tt-key-${n}`);
    const full = createKeyring(
      many.map((secret) => keyOf(secret, { id: `key_${secret}` })),
      clock,
    );
    for (let round = 0; round < 2; round++) {
      for (const secret of many) expect(full.authenticate({ 'x-api-key': secret }).id).toBe(`key_${secret}`);
    }
  });
});

test('sameHash compares by value and length', () => {
  expect(sameHash(hashSecret('a'), hashSecret('a'))).toBe(true);
  expect(sameHash(hashSecret('a'), hashSecret('b'))).toBe(false);
  expect(sameHash('ab', 'abc')).toBe(false);
});
