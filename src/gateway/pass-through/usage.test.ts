import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasOtherTokens, readTail, Tail } from './usage.ts';

function tailOf(text: string, cuts: readonly number[] = []): Tail {
  const bytes = Buffer.from(text);
  const tail = new Tail();
  let at = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    tail.add(bytes.subarray(at, cut));
    at = Math.max(at, cut);
  }
  return tail;
}

test('finds the member of the answer itself, wherever it stands among short ones and however it comes', () => {
  const json = fc.json({ maxDepth: 2 });
  fc.assert(
    fc.property(json, json, fc.array(fc.nat(2000), { maxLength: 5 }), (before, after, cuts) => {
      const usage = { input_tokens: 7, details: { audio_tokens: 1 } };
      const text = `{"data":${before},"usage" : ${JSON.stringify(usage)},"x":${after.replaceAll('"usage"', '"u"')}}`;
      expect(readTail(tailOf(text, cuts))).toEqual(usage);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['a member further in', '{"data":[{"usage":{"input_tokens":1}}]}'],
  ['a text that holds the words', JSON.stringify({ text: '"usage":{"input_tokens":1}}' })],
  ['a value', '{"kind":"usage"}'],
  ['nothing', ''],
  ['null', '{"usage":null}'],
])('does not take %s for it', (_, text) => {
  expect(readTail(tailOf(text))).toBeUndefined();
});

test('of events the last that has one; behind an image larger than what is kept', () => {
  const image = JSON.stringify({ b64: 'A'.repeat(50_000), usage: { output_tokens: 2 } });
  expect(
    readTail(tailOf(`data: {"usage":{"output_tokens":1}}\n\ndata: ${image}\n\ndata: [DONE]\n\n`)),
  ).toEqual({
    output_tokens: 2,
  });
});

test('tokens that are not text are seen at any depth, and zero of them are none', () => {
  expect(hasOtherTokens({ input_tokens: 3, input_tokens_details: { text_tokens: 3, image_tokens: 0 } })).toBe(
    false,
  );
  expect(hasOtherTokens({ input_token_details: { audio_tokens: 2 } })).toBe(true);
});
