import { describe, expect, test } from 'vitest';
import { readRetryAfter, toFailure } from './failure.ts';

const lookup = (headers: Record<string, string>) => (name: string) => headers[name];

describe('readRetryAfter', () => {
  test.each([
    [{}, null],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT', date: 'Mon, 23 Nov 2026 12:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT', date: 'Mon, 23 Nov 2026 12:00:00 GMT' }, 0],
    [{ 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, null],
    [{ 'retry-after': 'soon', date: 'Mon, 23 Nov 2026 12:00:00 GMT' }, null],
    [{ 'x-ratelimit-reset-requests': '20ms', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    [{ 'x-ratelimit-reset-tokens': '7.66s' }, 7660],
    [{ 'x-ratelimit-reset-requests': '2m59.56s' }, 179_560],
    [{ 'x-ratelimit-reset-requests': 'never' }, null],
  ])('of %o is %s', (headers, ms) => {
    expect(readRetryAfter(lookup(headers))).toBe(ms);
  });
});

describe('toFailure', () => {
  const found = {
    vendor: 'acme',
    code: 'context_length_exceeded',
    headers: lookup({}),
    body: Buffer.from('{}'),
  };

  test('says the status and a plain code, so that causes can be told apart', () => {
    const { error } = toFailure({ ...found, status: 400 });
    expect(error.message).toBe('acme rejected the request (status 400, context_length_exceeded)');
  });

  test('leaves out a code that is text', () => {
    const { error } = toFailure({ ...found, status: 400, code: 'sk-1 was wrong, sorry' });
    expect(error.message).toBe('acme rejected the request (status 400)');
  });

  test.each([
    [300, 'upstream_error', 502, true],
    [400, 'upstream_rejected', 400, false],
    [401, 'upstream_auth', 502, true],
    [402, 'upstream_auth', 502, true],
    [404, 'upstream_rejected', 404, true],
    [408, 'upstream_error', 502, true],
    [409, 'upstream_error', 502, true],
    [413, 'upstream_rejected', 413, false],
    [422, 'upstream_rejected', 422, false],
    [429, 'upstream_rate_limited', 429, true],
    [498, 'upstream_overloaded', 503, true],
    [500, 'upstream_error', 502, true],
    [503, 'upstream_overloaded', 503, true],
    [504, 'upstream_error', 502, true],
    [529, 'upstream_overloaded', 503, true],
  ])('of %i is %s, %i for the client, fallback %s', (status, code, clientStatus, fallback) => {
    const failure = toFailure({ ...found, status });
    expect(failure).toMatchObject({ status: clientStatus, fallback, error: { code } });
    expect(failure.body !== null).toBe(code === 'upstream_rejected');
  });

  test('without a body to forward has our own status', () => {
    expect(toFailure({ ...found, status: 422, body: null })).toMatchObject({ status: 400, body: null });
  });
});
