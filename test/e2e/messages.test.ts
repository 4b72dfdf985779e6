/** The whole server with Anthropic's own client: from the request to the record in the store. */
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEY, openTrimtab, type TestTrimtab } from './trimtab.ts';

let server: TestTrimtab;
let anthropic: Anthropic;
beforeAll(async () => {
  server = await openTrimtab();
  anthropic = new Anthropic({ baseURL: server.running.url, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => server?.dispose());

const PARAMS = {
  model: 'reply',
  max_tokens: 200,
  system: 'You answer for a bank.',
  messages: [{ role: 'user' as const, content: 'My card has not arrived yet.' }],
};

test('plain, streamed and beta calls say and cost the same, and are recorded as messages', async () => {
  const plain = await anthropic.messages.create({ ...PARAMS, metadata: { user_id: 'ada' } });
  const streamed = await anthropic.messages
    .stream({ ...PARAMS, metadata: { user_id: 'ada' } })
    .finalMessage();
  // The beta client writes `?beta=true` and a header; both mean nothing to this deployment.
  const beta = await anthropic.beta.messages.create({ ...PARAMS, betas: ['files-api-2025-04-14'] });
  expect(streamed.content).toEqual(plain.content);
  expect(streamed.usage).toMatchObject({
    input_tokens: plain.usage.input_tokens,
    output_tokens: plain.usage.output_tokens,
  });
  expect(beta.content).toEqual(plain.content);
  const records = await server.calls(3);
  expect(records.map(({ protocol, streamed: live, user }) => [protocol, live, user])).toEqual([
    ['messages', false, 'ada'],
    ['messages', true, 'ada'],
    ['messages', false, null],
  ]);
  const [first] = records;
  expect(first?.costNanoUsd).toBeGreaterThan(0);
  expect(first?.usage.inputTokens).toBe(
    plain.usage.input_tokens + (plain.usage.cache_read_input_tokens ?? 0),
  );
  for (const record of records) {
    expect(record).toMatchObject({ task: 'reply', costNanoUsd: first?.costNanoUsd, usage: first?.usage });
  }
  // What the app sent and got is kept, not the translation.
  expect(JSON.parse(first?.payload?.request ?? '')).toMatchObject({ system: PARAMS.system });
  expect(JSON.parse(first?.payload?.response ?? '')).toMatchObject({ type: 'message', id: plain.id });
});
