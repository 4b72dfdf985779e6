import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { continueFrom } from './responses.ts';

const EARLIER = '{"role":"user","content":"before"},{"role":"assistant","content":"after"}';

function goOn(body: object, items = EARLIER): Record<string, unknown> {
  return JSON.parse(continueFrom(Buffer.from(JSON.stringify(body)), items).toString()) as never;
}

describe('a request that names an earlier response', () => {
  test('gets its items before its own', () => {
    const own = { role: 'user', content: 'now' };
    const all = [...(JSON.parse(`[${EARLIER}]`) as unknown[]), own];
    const expected = { model: 'm', previous_response_id: null, input: all };
    expect(goOn({ model: 'm', previous_response_id: 'resp_1', input: 'now' })).toEqual(expected);
    expect(goOn({ input: [own], previous_response_id: 'resp_1', model: 'm' })).toEqual(expected);
    expect(goOn({ previous_response_id: 'x', input: [own] }, '').input).toEqual([own]);
  });

  test('keeps every other member, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.oneof(fc.string(), fc.array(fc.jsonValue(), { minLength: 1 })),
        (others, input) => {
          const body = { ...others, input, previous_response_id: 'resp_"1"', last: 'previous_response_id' };
          const { input: all, ...rest } = goOn(body);
          const { input: _, ...expected } = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
          expect(rest).toEqual({ ...expected, previous_response_id: null });
          const own = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
          expect((all as unknown[]).slice(2)).toEqual(JSON.parse(JSON.stringify(own)));
        },
      ),
    );
  });

  test.each([
    '{"previous_response_id":"a","previous_response_id":"b","input":"x"}',
    '{"previous_response_id":"a","input":"x","input":"y"}',
    '{"previous_response_id":"a"}',
  ])('is left alone where it is not clear: %s', (text) => {
    expect(continueFrom(Buffer.from(text), EARLIER).toString()).toBe(text);
  });
});
