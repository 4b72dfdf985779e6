/** Nothing a request holds makes the vendor fail, answer twice differently, or think for long. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Completion, RunningVendor } from './vendor.ts';
import { runVendor } from './vendor.ts';

let vendor: RunningVendor;
beforeAll(async () => {
  vendor = await runVendor();
});
afterAll(() => vendor[Symbol.asyncDispose]());

test('any JSON is answered or refused, never a 5xx', async () => {
  const member = fc.constantFrom(
    ...[
      'messages',
      'stream',
      'tools',
      'tool_choice',
      'response_format',
      'stop',
      'n',
      'max_tokens',
      'sandbox',
      'seed',
    ],
  );
  const body = fc.dictionary(member, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(body, async (members) => {
      const messages = [{ role: 'user', content: 'Classify as a or b: c' }];
      const response = await vendor.post('/chat/completions', { messages, ...members, model: 'large' });
      await response.arrayBuffer();
      expect(response.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});

test('any text is answered, the same each time', async () => {
  const line = fc.constantFrom(
    'Text: a',
    'Label: b',
    'a -> b',
    '- one: two',
    '<labels>',
    '"""',
    'Classify as a or b:',
    'x',
  );
  const text = fc.array(fc.oneof(line, fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(text, async (lines) => {
      const messages = [{ role: 'user', content: lines.join('\n') }];
      const answers = await Promise.all(
        [1, 2].map(() => vendor.post('/chat/completions', { model: 'large', messages })),
      );
      const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as Completion[];
      expect(first?.choices).toEqual(second?.choices);
      expect(first?.usage).toEqual(second?.usage);
    }),
    { numRuns: 100 },
  );
});

test.each(['<text>', 'Text: a\n', 'a, ', 'a -> b\n', 'one of ', '"', '["a",', 'a or b, '])(
  'a long prompt of %j takes no longer than its length',
  async (piece) => {
    const startedAt = performance.now();
    const content = `Classify into one of: ${piece.repeat(100_000 / piece.length)}`;
    await vendor.post('/chat/completions', { model: 'large', messages: [{ role: 'user', content }] });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  },
);
