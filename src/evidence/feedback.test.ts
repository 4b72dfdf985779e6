import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../core/error.ts';
import { createIdMaker, idTime } from '../core/id.ts';
import { type FeedbackContext, parseFeedback } from './feedback.ts';

const NOW = Date.UTC(2026, 10, 23);
const makeId = createIdMaker(() => NOW);
const callId = makeId('call');
const context: FeedbackContext = { keyId: 'key_1', makeId, now: NOW };
const parse = (body: unknown) => parseFeedback(body, context);

describe('parseFeedback', () => {
  test('reads every way to score', () => {
    const score = (fields: object) => parse({ call_id: callId, ...fields }).score;
    expect([score({ score: 0 }), score({ score: 0.25 }), score({ score: 1 })]).toEqual([0, 0.25, 1]);
    expect([score({ score: 'up' }), score({ score: 'down' })]).toEqual([1, 0]);
    expect([score({ thumbs: 'up' }), score({ thumbs: 'down' })]).toEqual([1, 0]);
    expect([score({ value: true }), score({ value: false })]).toEqual([1, 0]);
  });

  test('fills in the rest', () => {
    expect(parse({ call_id: callId, score: 1 })).toEqual({
      id: expect.stringMatching(/^fb_/),
      callId,
      name: 'score',
      score: 1,
      comment: null,
      correction: null,
      keyId: 'key_1',
      createdAt: NOW,
    });
    expect(
      parse({ call_id: callId, score: 1, name: 'tone', comment: 'ok', correction: 'better' }),
    ).toMatchObject({
      name: 'tone',
      comment: 'ok',
      correction: 'better',
    });
  });

  test("a client's id makes a repeat the same feedback, per key and call", () => {
    const body = { call_id: callId, score: 1, id: 'click-7' };
    const { id } = parse(body);
    expect(parse({ ...body, score: 0 }).id).toBe(id);
    expect(parseFeedback(body, { ...context, keyId: 'key_2' }).id).not.toBe(id);
    expect(parse({ ...body, call_id: makeId('call') }).id).not.toBe(id);
    expect(idTime(id)).toBe(NOW);
    expect(parse({ call_id: callId, score: 1 }).id).not.toBe(parse({ call_id: callId, score: 1 }).id);
  });

  test.each([
    ['call_id', { score: 1 }],
    ['call_id', { call_id: 'call_x', score: 1 }],
    ['call_id', { call_id: makeId('key'), score: 1 }],
    ['score', { call_id: callId }],
    ['score', { call_id: callId, score: 1, value: true }],
    ['score', { call_id: callId, score: 1.01 }],
    ['score', { call_id: callId, score: -0.1 }],
    ['score', { call_id: callId, score: '1' }],
    ['score', { call_id: callId, score: null }],
    ['thumbs', { call_id: callId, thumbs: 1 }],
    ['value', { call_id: callId, value: 'yes' }],
    ['name', { call_id: callId, score: 1, name: '1 2' }],
    ['comment', { call_id: callId, score: 1, comment: 'x'.repeat(4001) }],
    ['comment', { call_id: callId, score: 1, comment: 7 }],
    ['correction', { call_id: callId, score: 1, correction: 'x'.repeat(65_537) }],
    ['id', { call_id: callId, score: 1, id: 'a b' }],
    ['rating', { call_id: callId, score: 1, rating: 5 }],
    ['__proto__', JSON.parse(`{"call_id":"${callId}","score":1,"__proto__":{}}`)],
  ])('names `%s` at fault', (field, body) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'invalid_request', field }));
  });

  test('whatever comes in, out comes feedback or invalid_request', () => {
    const member = fc.constantFrom(
      'call_id',
      'score',
      'thumbs',
      'value',
      'name',
      'comment',
      'correction',
      'id',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constant(callId), fc.constantFrom('up', 'down', true));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(member, value)), (body) => {
        try {
          const { score } = parse(body);
          expect(score >= 0 && score <= 1).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(TrimtabError);
          expect((error as TrimtabError).code).toBe('invalid_request');
        }
      }),
      { numRuns: 500 },
    );
  });
});
