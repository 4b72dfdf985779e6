/** Tasks that are `lenient`, over real HTTP: what is left out, what is not, and where it is told. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, type TestContext, test } from 'vitest';
import type { TaskConfig } from '../../src/stack/stack.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { deployment, KEY, provider, snapshot, startGateway, task } from './harness.ts';

type Finished = TestContext['onTestFinished'];

/** Not in the types of the SDK any more. */
const SEED: object = { seed: 7 };
const LENIENT = { lenient: true };
const HELLO = { model: 'reply', messages: [{ role: 'user' as const, content: 'Hello' }] };
const COHERE = JSON.stringify({
  generation_id: 'g',
  message: { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
  finish_reason: 'COMPLETE',
  usage: {
    billed_units: { input_tokens: 20, output_tokens: 10 },
    tokens: { input_tokens: 20, output_tokens: 10 },
  },
});
const MESSAGE = JSON.stringify({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 20, output_tokens: 10 },
});

/** Deployments `a`, `b` of these provider types, each with what it answers. */
async function over(
  onTestFinished: Finished,
  vendors: readonly (readonly [type: string, answer: string | null])[],
  changes: Partial<TaskConfig> = LENIENT,
) {
  const upstreams: Upstream[] = [];
  for (const [, answer] of vendors) {
    const upstream = await startUpstream(onTestFinished);
    if (answer !== null) {
      upstream.answer = (_, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(answer);
      };
    }
    upstreams.push(upstream);
  }
  const names = vendors.map((_, index) => String.fromCharCode(97 + index));
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: Object.fromEntries(
        names.map((name, index) => {
          const type = vendors[index]?.[0] ?? '';
          return [`vendor-${name}`, provider(upstreams[index]?.baseUrl ?? '', { type })];
        }),
      ),
      deployments: Object.fromEntries(names.map((name) => [name, deployment(`vendor-${name}`)])),
      tasks: { reply: task(names, changes) },
    }),
  });
  return { ...harness, upstreams };
}

describe('a lenient task', () => {
  test('leaves out what a translation cannot carry, and its record says what', async ({ onTestFinished }) => {
    const { openai, records, upstreams } = await over(onTestFinished, [['anthropic', MESSAGE]]);
    const asked = { ...HELLO, seed: 7, temperature: 1.5, top_p: 0.9, logprobs: true, top_logprobs: 2 };
    const answer = await openai.chat.completions.create(asked);
    expect(answer.choices[0]?.message.content).toBe('Hello');
    expect(records[0]?.attempts).toHaveLength(1);
    expect([...(records[0]?.attempts[0]?.dropped ?? [])].sort()).toEqual([
      'logprobs',
      'seed',
      'temperature',
      'top_logprobs',
    ]);
    const sent = upstreams[0]?.calls[0]?.body ?? {};
    expect(sent).toMatchObject({ top_p: 0.9, messages: [{ role: 'user' }] });
    expect(Object.keys(sent)).not.toContain('temperature');
  });

  test('leaves out what a package only tells when it makes the request', async ({ onTestFinished }) => {
    const { openai, records, upstreams } = await over(onTestFinished, [['bedrock', null]]);
    await openai.chat.completions.create({ ...HELLO, presence_penalty: 0.5 }).catch(() => {});
    expect(records[0]?.attempts[0]?.dropped).toEqual(['presence_penalty']);
    expect(upstreams[0]?.calls).toHaveLength(1);
    expect(JSON.stringify(upstreams[0]?.calls[0]?.body)).not.toContain('0.5');
  });

  test('names what the app wrote in its own protocol', async ({ onTestFinished }) => {
    const { openai, baseUrl, records } = await over(onTestFinished, [['cohere', COHERE]]);
    await openai.responses.create({ model: 'reply', input: 'Hello', text: { verbosity: 'low' } });
    expect(records[0]?.attempts[0]?.dropped).toEqual(['text.verbosity']);
    const anthropic = new Anthropic({ baseURL: baseUrl.replace('/v1', ''), apiKey: KEY, maxRetries: 0 });
    await anthropic.messages.create({ ...HELLO, max_tokens: 100, top_k: 5 } as typeof HELLO & {
      max_tokens: number;
    });
    expect(records[1]?.attempts[0]?.dropped).toEqual(['top_k']);
  });

  test('tells it of the deployment it was left out for, and of no other', async ({ onTestFinished }) => {
    const { openai, records, upstreams } = await over(onTestFinished, [
      ['anthropic', '{}'],
      ['openai-compatible', null],
    ]);
    await openai.chat.completions.create({ ...HELLO, ...SEED });
    expect(records[0]?.attempts.map(({ deployment: name, dropped }) => [name, dropped])).toEqual([
      ['a', ['seed']],
      ['b', undefined],
    ]);
    expect(upstreams[1]?.calls[0]?.body).toMatchObject({ seed: 7 });
  });

  test.each([
    ['n', { n: 2 }],
    ['response_format', { response_format: { type: 'json_object' as const } }],
    ['tools[0].type', { tools: [{ type: 'web_search' } as never] }],
    ['web_search_options', { web_search_options: {} }],
  ])('still refuses %s, which changes what the answer is', async (field, more) => {
    const stops: (() => unknown)[] = [];
    const finished = ((stop: () => unknown) => stops.push(stop)) as unknown as Finished;
    const { openai, records, upstreams } = await over(finished, [['anthropic', MESSAGE]]);
    const asked = openai.chat.completions.create({ ...HELLO, ...SEED, ...more } as typeof HELLO);
    await expect(asked).rejects.toMatchObject({ code: 'unsupported_parameter', param: field });
    expect(records[0]).toMatchObject({ errorCode: 'unsupported_parameter', attempts: [] });
    expect(upstreams[0]?.calls).toEqual([]);
    for (const stop of stops.reverse()) await stop();
  });
});

test('a task that is not lenient refuses', async ({ onTestFinished }) => {
  const { openai, upstreams } = await over(onTestFinished, [['anthropic', MESSAGE]], {});
  const asked = openai.chat.completions.create({ ...HELLO, ...SEED });
  await expect(asked).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'seed' });
  expect(upstreams[0]?.calls).toEqual([]);
});
