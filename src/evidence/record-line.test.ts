import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordOf } from '../../test/evidence/records.ts';
import type { AttemptRecord, CallRecord } from '../core/call-record.ts';
import { parseLine, toLine } from './record-line.ts';

const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', 'a\nb', '\u2028', '"[1,'),
);
const count = fc.nat();
const ms = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const one = <T>(...values: unknown[]) => fc.constantFrom(...(values as T[]));

const usage = fc.record(
  {
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
    estimated: fc.boolean(),
  },
  { requiredKeys: [] },
);

const requiredOfAttempt = {
  deployment: word,
  provider: word,
  model: maybe(word),
  region: maybe(word),
  kind: one<AttemptRecord['kind']>('primary', 'fallback'),
  reason: word,
  startMs: ms,
  headersMs: maybe(ms),
  firstTokenMs: maybe(ms),
  endMs: ms,
  outcome: one<AttemptRecord['outcome']>('ok', 'error', 'client_left'),
  status: maybe(count),
  errorCode: one<AttemptRecord['errorCode']>(null, 'store_unavailable'),
  errorMessage: maybe(word),
  usage,
  costNanoUsd: maybe(count),
  priceSource: maybe(word),
};
const attempt: fc.Arbitrary<AttemptRecord> = fc.record(
  { ...requiredOfAttempt, dropped: fc.array(word, { minLength: 1, maxLength: 3 }) },
  { requiredKeys: Object.keys(requiredOfAttempt) as (keyof typeof requiredOfAttempt)[] },
);

const required = {
  id: word,
  startedAt: count,
  durationMs: ms,
  ttftMs: maybe(ms),
  revision: word,
  protocol: one<CallRecord['protocol']>('chat', 'passthrough'),
  streamed: fc.boolean(),
  task: word,
  requestedModel: maybe(word),
  keyId: word,
  user: maybe(word),
  tags: fc.dictionary(word, word, { noNullPrototype: true }),
  dataClass: one<CallRecord['dataClass']>('public', 'internal'),
  outcome: one<CallRecord['outcome']>('ok', 'error', 'client_left', 'refused'),
  status: count,
  errorCode: one<CallRecord['errorCode']>(null, 'store_unavailable'),
  errorMessage: maybe(word),
  deployment: maybe(word),
  provider: maybe(word),
  model: maybe(word),
  sandbox: fc.boolean(),
  finishReason: maybe(word),
  usage,
  costNanoUsd: maybe(count),
  unpriced: fc.boolean(),
  requestBytes: count,
  responseBytes: count,
  attempts: fc.array(attempt, { maxLength: 3 }),
  skipped: fc.array(fc.record({ deployment: word, reason: word }), { maxLength: 3 }),
  stages: fc.array(fc.tuple(word, ms, ms), { maxLength: 3 }),
};
const record: fc.Arbitrary<CallRecord> = fc.record(
  { ...required, operation: word, payload: fc.record({ request: word, response: word }) },
  { requiredKeys: Object.keys(required) as (keyof typeof required)[] },
);

/** What a line of the former format gives: the oracle. */
const viaObject = (value: CallRecord) => JSON.parse(JSON.stringify(value)) as CallRecord;

describe('a record as a line', () => {
  test('comes back as it was, every member of it', () => {
    fc.assert(
      fc.property(record, (value) => {
        const line = toLine(value);
        expect(line).not.toContain('\n');
        expect(parseLine(line)).toStrictEqual(viaObject(value));
      }),
      { numRuns: 500 },
    );
  });

  test('keeps an unknown figure apart from 0, also where a member stands as undefined', () => {
    const unknown = recordOf('call_1', { usage: { inputTokens: 0, outputTokens: undefined as never } });
    expect(parseLine(toLine(unknown))?.usage).toStrictEqual({ inputTokens: 0 });
    expect(parseLine(toLine(recordOf('call_1')))).not.toHaveProperty('payload');
  });

  test('is half as long as the object, and begins with the version', () => {
    const line = toLine(recordOf('call_1'));
    expect(line.slice(0, 12)).toBe('[1,"call_1",');
    expect(line.length).toBeLessThan(JSON.stringify(recordOf('call_1')).length * 0.55);
  });
});

describe('a line', () => {
  test('of an earlier version, an object, is read', () => {
    fc.assert(
      fc.property(record, (value) => {
        expect(parseLine(JSON.stringify(value))).toStrictEqual(viaObject(value));
      }),
    );
  });

  test('that is not ours, or of a later version, is none', () => {
    const line = toLine(recordOf('call_1'));
    const others = ['', 'null', '7', '[]', '[1]', '{"id":7}', '{}', '[1,2,3]', `[2${line.slice(2)}`];
    for (const other of [...others, `${line.slice(0, -1)},0]`, `\u0000${line}`]) {
      expect(parseLine(other), other).toBeUndefined();
    }
  });

  test('cut short anywhere is none', () => {
    const line = toLine(recordOf('call_1'));
    for (let end = 0; end < line.length; end++) expect(parseLine(line.slice(0, end))).toBeUndefined();
  });
});
