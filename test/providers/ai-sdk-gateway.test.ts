/** What the gateway makes of vendors behind packages: refusals in the app's own words, cancelling, falling back and forth. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deployment, KEY, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const ASKED = { model: 'reply', messages: [{ role: 'user' as const, content: 'Say hello.' }] };
/** Not in the types of one SDK any more. */
const WARM: object = { temperature: 0.5 };
const TEXT = 'The quick brown fox.';

/** Deployments `a`, `b` of these provider types, in order; those of a package speak the wire of `wires.ts` for their path. */
async function over(...types: string[]) {
  const upstreams: Upstream[] = [];
  for (const _ of types) upstreams.push(await startUpstream(onTestFinished));
  const names = types.map((_, index) => String.fromCharCode(97 + index));
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: Object.fromEntries(
        names.map((name, index) => [
          `vendor-${name}`,
          provider(upstreams[index]?.baseUrl ?? '', { type: types[index] ?? '' }),
        ]),
      ),
      deployments: Object.fromEntries(
        names.map((name) => [name, deployment(`vendor-${name}`, { model: 'anthropic.some-model' })]),
      ),
      tasks: { reply: task(names) },
    }),
  });
  const anthropic = new Anthropic({
    baseURL: harness.baseUrl.replace('/v1', ''),
    apiKey: KEY,
    maxRetries: 0,
  });
  return {
    ...harness,
    anthropic,
    upstreams,
    first: upstreams[0] as Upstream,
    second: upstreams[1] as Upstream,
  };
}

describe('a refusal', () => {
  const messages = { ...ASKED, max_tokens: 4000 };
  const thinking = { type: 'enabled' as const, budget_tokens: 2000 };

  test.each([false, true])(
    'that only the package knows is in the form of the app, stream %s',
    async (stream) => {
      const { openai, anthropic, records, first } = await over('bedrock');
      // With reasoning there is no temperature.
      const asked = anthropic.messages.create({ ...messages, thinking, ...WARM, stream });
      await expect(asked).rejects.toMatchObject({
        status: 400,
        error: {
          type: 'error',
          error: { type: 'invalid_request_error', message: expect.stringContaining('`temperature`') },
        },
      });
      const response = openai.responses.create({
        model: 'reply',
        input: 'Hello',
        reasoning: { effort: 'low' },
        temperature: 0.5,
        stream,
      });
      await expect(response).rejects.toMatchObject({
        status: 400,
        code: 'unsupported_parameter',
        param: 'temperature',
      });
      expect(records.map(({ errorCode }) => errorCode)).toEqual([
        'unsupported_parameter',
        'unsupported_parameter',
      ]);
      expect(first.calls).toEqual([]);
    },
  );

  test('names what the app wrote, not what became of it', async () => {
    const { openai, anthropic, first } = await over('google');
    const effort = { effort: 'xhigh' as const };
    const message = anthropic.messages.create({ ...messages, output_config: effort });
    await expect(message).rejects.toThrow('`output_config.effort`');
    const response = openai.responses.create({ model: 'reply', input: 'Hello', reasoning: effort });
    await expect(response).rejects.toMatchObject({ param: 'reasoning.effort' });
    const parallel = anthropic.messages.create({
      ...messages,
      tools: [{ name: 'weather', input_schema: { type: 'object' } }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    await expect(parallel).rejects.toThrow('`tool_choice.disable_parallel_tool_use`');
    expect(first.calls).toEqual([]);
  });
});

test('a client that leaves in the middle cancels the vendor, and what was said is billed', async () => {
  const { openai, first, nextRecord } = await over('google');
  const held = Promise.withResolvers<void>();
  first.between = (index) => (index === 3 ? held.promise : undefined);
  const called = first.nextCall();
  const recorded = nextRecord();
  const leaving = new AbortController();
  const stream = await openai.chat.completions.create({ ...ASKED, stream: true }, { signal: leaving.signal });
  let text = '';
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? '';
    if (text === 'The quick brown') leaving.abort();
  }
  expect(await (await called).closed).toBe(false);
  held.resolve();
  const record = await recorded;
  expect(record).toMatchObject({ outcome: 'client_left', usage: { estimated: true } });
  expect(record.usage.outputTokens).toBeGreaterThan(0);
  expect(record.costNanoUsd).toBeGreaterThan(0);
});

describe.each([
  ['google', 'openai-compatible'],
  ['openai-compatible', 'google'],
  ['google', 'anthropic'],
  ['anthropic', 'google'],
])('%s, then %s', (...types) => {
  test('the second answers whole where nothing of the first was heard', async () => {
    const { openai, first, second, records } = await over(...types);
    for (const fault of ['status-503', 'reset-before-headers', 'malformed'] as const) {
      first.fault = fault;
      const stream = fault !== 'malformed';
      const answer = stream
        ? await openai.chat.completions.stream(ASKED).finalChatCompletion()
        : await openai.chat.completions.create(ASKED);
      expect(answer.choices[0]?.message.content, fault).toBe(TEXT);
    }
    expect([first.calls.length, second.calls.length]).toEqual([3, 3]);
    for (const { attempts } of records) {
      expect(attempts.map(({ deployment: name, outcome }) => [name, outcome])).toEqual([
        ['a', 'error'],
        ['b', 'ok'],
      ]);
    }
  });

  test('and is not asked where it was: an error, and never two texts', async () => {
    const { openai, first, second, records } = await over(...types);
    const heard = Promise.withResolvers<void>();
    first.fault = 'reset-mid-body';
    first.between = (index) => (index === 2 ? heard.promise : undefined);
    const stream = await openai.chat.completions.create({ ...ASKED, stream: true });
    let text = '';
    const reading = (async () => {
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
        if (text === 'The quick') heard.resolve();
      }
    })();
    await expect(reading).rejects.toThrow();
    expect(text).toBe('The quick');
    expect(second.calls).toEqual([]);
    expect(records[0]).toMatchObject({
      outcome: 'error',
      errorCode: 'upstream_cut',
      usage: { estimated: true },
    });
    expect(records[0]?.costNanoUsd).toBeGreaterThan(0);
  });
});
