import { describe, expect, test } from 'vitest';
import type { Errand, Failure } from '../provider.ts';
import { TokenSource } from './token-source.ts';

const MINUTE = 60_000;
const request = { origin: 'https://t', path: '/', method: 'GET' as const, headers: [], body: null };

function setUp() {
  const at = { now: 1_000_000 };
  const source = new TokenSource(
    {
      from: 'the token address',
      steps: [() => request],
      toGrant: (answer, now) =>
        answer === '' ? null : { values: { token: answer }, expiresAt: now + 60 * MINUTE },
    },
    'acme',
    () => at.now,
  );
  return { at, source };
}

const first = (source: TokenSource): Errand | null => source.begin()?.() ?? null;
const answer = (errand: Errand | null, body: string, status = 200): Failure | null | undefined =>
  errand?.read(status, Buffer.from(body), () => undefined);

describe('a token', () => {
  test('is asked for once, and kept while it lasts', () => {
    const { at, source } = setUp();
    const run = source.begin();
    expect(answer(run?.() ?? null, 'a')).toBeNull();
    expect(run?.()).toBeNull();
    expect(source.values).toEqual({ token: 'a' });
    at.now += 54 * MINUTE;
    expect(source.begin()).toBeNull();
  });

  test('is renewed before its end by one call at a time', () => {
    const { at, source } = setUp();
    answer(first(source), 'a');
    at.now += 56 * MINUTE;
    const renewal = first(source);
    expect(renewal).not.toBeNull();
    expect(source.begin()).toBeNull();
    answer(renewal, 'b');
    expect(source.values).toEqual({ token: 'b' });
    expect(source.begin()).toBeNull();
  });

  test('that cannot be renewed is used to its end, and no longer', () => {
    const { at, source } = setUp();
    answer(first(source), 'a');
    at.now += 56 * MINUTE;
    const run = source.begin();
    expect(answer(run?.() ?? null, 'down', 503)).toBeNull();
    expect(run?.()).toBeNull();
    at.now += MINUTE;
    const lost = { kind: 'failure' } as Failure;
    expect(first(source)?.lost(lost)).toBeNull();
    at.now += 3 * MINUTE;
    expect(first(source)?.lost(lost)).toBe(lost);
    expect(answer(first(source), 'down', 503)).toMatchObject({ error: { code: 'upstream_overloaded' } });
    expect(answer(first(source), '', 200)).toMatchObject({ error: { code: 'upstream_malformed' } });
  });

  test('that is refused is the fault of the credential, never of the request', () => {
    for (const status of [400, 401, 404]) {
      const failure = answer(first(setUp().source), 'the key is ...', status);
      expect(failure).toMatchObject({ fallback: true, body: null, error: { code: 'upstream_auth' } });
      expect(failure?.error.message).not.toContain('the key is');
    }
  });
});
