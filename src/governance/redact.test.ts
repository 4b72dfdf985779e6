import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogFields } from '../core/log.ts';
import { newAdminToken, newVirtualKey } from './keys.ts';
import { createRedact, createRedactingLogger, createSnapshotRedact, REDACTED, redact } from './redact.ts';

describe('known secrets', () => {
  test('none survives, however they stand in the text', () => {
    const secret = fc.oneof(
      fc.string({ minLength: 8, maxLength: 60 }),
      fc.string({ minLength: 8, maxLength: 20, unit: fc.constantFrom('a', 'b', '[', 'r', 'd', ']') }),
      fc.string({ minLength: 8, maxLength: 20, unit: 'binary' }),
    );
    const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(secrets, fc.array(fc.string(), { maxLength: 5 }), fc.nat(), (known, words, pick) => {
        const parts = words.flatMap((word, i) => [word, known[(pick + i) % known.length] as string]);
        const clean = createRedact(known)(parts.join('') + known.join(''));
        for (const one of known) if (!REDACTED.includes(one)) expect(clean.includes(one)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('are found as URLs and JSON carry them', () => {
    const clean = createRedact(['p@ss/w"ord']);
    expect(clean('?x=p%40ss%2Fw%22ord')).toBe(`?x=${REDACTED}`);
    expect(clean('{"x":"p@ss/w\\"ord"}')).toBe(`{"x":"${REDACTED}"}`);
  });

  test('placeholders of servers without keys are not secrets', () => {
    expect(createRedact(['EMPTY', 'none'])('none is EMPTY')).toBe('none is EMPTY');
  });

  test('a secret across the cut does not leave its first half', () => {
    const secret = 'abcdefgh'.repeat(4);
    const clean = createRedact([secret])('x '.repeat(995) + secret);
    expect(clean).not.toContain('abcd');
  });
});

describe('secrets known by their shape', () => {
  test('our keys and tokens', () => {
    for (const secret of [newVirtualKey().key, newAdminToken().token]) {
      expect(redact(`key "${secret}" is wrong`)).toBe(`key "${REDACTED}" is wrong`);
    }
  });

  test.each([
    ['Incorrect API key provided: sk-proj-abcd1234EFGH5678.', `Incorrect API key provided: ${REDACTED}`],
    ['key sk-abc*****************wxyz bad', `key ${REDACTED} bad`],
    ['authorization: Bearer abc.def', `authorization: Bearer ${REDACTED}`],
    ['{"x-api-key":"abc123"}', `{"x-api-key":"${REDACTED}"}`],
    ['connect postgres://app:p%40ss@db:5432/x failed', `connect postgres://${REDACTED}@db:5432/x failed`],
    ['GET https://a.test/v1?api_key=abc&x=1', `GET https://a.test/v1?api_key=${REDACTED}&x=1`],
    ['GET /v1/models?key=AIzaSyAbcdefghijklmnopqrstuvw', `GET /v1/models?key=${REDACTED}`],
    ['token hf_AbCdEfGhIjKlMnOpQrStUv123456', `token ${REDACTED}`],
    ['gsk_abcdefghijklmnop12345678 and xai-A1b2C3d4E5f6G7h8I9j0K1l2', `${REDACTED} and ${REDACTED}`],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', `jwt ${REDACTED}`],
  ])('%s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test.each([
    'No deployment of task support-reply answered: acme/model-4-20250514-v1 timed out after 3000 ms.',
    'call_06fz3k2m1c0123456789abcdef was refused; see max_tokens and messages[2].content',
    'connect ECONNREFUSED 127.0.0.1:8000 (http://127.0.0.1:8000/v1/chat/completions)',
    'Provider "acme" may not be sent confidential data.',
  ])('leaves "%s"', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('stays quick on long hostile text', () => {
    const started = performance.now();
    for (const piece of ['a-', 'a.', 'k_1', '://', 'key=', 'bearer ', 'x:////', 'api_key ']) {
      redact(piece.repeat(20_000));
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

test('of a key file, each secret in it is known, and what is none is not', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n';
  const file = JSON.stringify({ type: 'service_account', project_id: 'acme-project', private_key: key });
  const secrets = { a: { apiKey: null, headers: {}, credentials: { file, plain: 'plain-words' } } };
  const clean = createSnapshotRedact({ secrets });
  expect(
    clean(`no ${key} in acme-project, nor plain-words, nor AKIATESTTESTTEST0001, nor ya29.abcdefgh`),
  ).toBe(`no ${REDACTED} in acme-project, nor ${REDACTED}, nor ${REDACTED}, nor ${REDACTED}`);
  expect(clean(file)).toBe(REDACTED);
});

test('a redacting logger cleans messages and fields by what is known at that moment', () => {
  const lines: unknown[] = [];
  const line = (fields: LogFields, message: string) => void lines.push([fields, message]);
  let known = redact;
  const logger = createRedactingLogger({ info: line, warn: line, error: line }, () => known);
  logger.info({ error: 'no entry for plain-words', tries: 3 }, 'asked with Bearer abc');
  const secrets = { a: { apiKey: 'plain-words', headers: { 'x-extra': 'second secret' } } };
  known = createSnapshotRedact({ secrets });
  logger.error({ error: 'no entry for plain-words', on: true, at: null }, 'and second secret');
  expect(lines).toEqual([
    [{ error: 'no entry for plain-words', tries: 3 }, `asked with Bearer ${REDACTED}`],
    [{ error: `no entry for ${REDACTED}`, on: true, at: null }, `and ${REDACTED}`],
  ]);
});
