import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countTokens, tokenize } from '../../src/providers/sandbox/vendor/tokens.ts';
import type { Completion, RunningVendor } from './vendor.ts';
import { readChunks, runVendor } from './vendor.ts';

let vendor: RunningVendor;
beforeAll(async () => {
  vendor = await runVendor();
});
afterAll(() => vendor[Symbol.asyncDispose]());

const ask = (content: string) => [{ role: 'user', content }];
const complaint = ask('My card was swallowed by a cash machine in Lyon yesterday. What should I do now?');

async function complete(body: Record<string, unknown>): Promise<Completion> {
  const response = await vendor.post('/chat/completions', { model: 'large', ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Completion;
}

async function stream(body: Record<string, unknown>) {
  const chunks = await readChunks(
    await vendor.post('/chat/completions', { model: 'large', stream: true, ...body }),
  );
  const deltas = chunks.flatMap((chunk) => chunk.choices);
  return {
    chunks,
    text: deltas.map(({ delta }) => delta.content ?? '').join(''),
    finish: deltas.map((choice) => choice.finish_reason).filter((reason) => reason !== null),
    usage: chunks.at(-1)?.usage,
  };
}

describe('a chat answer', () => {
  test('has the shape of the protocol and counts its tokens', async () => {
    const answer = await complete({ messages: complaint });
    const text = answer.choices[0]?.message.content ?? '';
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'large',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant' } }],
    });
    expect(text).toContain('swallowed by a cash machine');
    expect(answer.usage?.completion_tokens).toBe(countTokens(text));
    expect(answer.usage?.prompt_tokens).toBe(3 + 4 + countTokens(complaint[0]?.content ?? ''));
  });

  test('is the same text and usage plain, again, and streamed', async () => {
    const first = await complete({ messages: complaint });
    const again = await complete({ messages: complaint });
    const streamed = await stream({ messages: complaint, stream_options: { include_usage: true } });
    expect(again.choices).toEqual(first.choices);
    expect(streamed.text).toBe(first.choices[0]?.message.content);
    expect(streamed.usage).toEqual(first.usage);
    expect(streamed.finish).toEqual(['stop']);
  });

  test('streams token by token, with a usage chunk only when asked', async () => {
    const without = await stream({ messages: complaint });
    expect(without.chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    const asked = await stream({ messages: complaint, stream_options: { include_usage: true } });
    expect(asked.chunks.at(-1)?.choices).toEqual([]);
    const tokens = asked.chunks.filter((chunk) => chunk.choices[0]?.delta.content);
    expect(tokens).toHaveLength(asked.usage?.completion_tokens ?? -1);
  });

  test('stops at max_tokens and says so, at the same token plain and streamed', async () => {
    for (const limit of ['max_tokens', 'max_completion_tokens']) {
      const answer = await complete({ messages: complaint, [limit]: 7 });
      expect(answer.choices[0]?.finish_reason).toBe('length');
      expect(answer.usage?.completion_tokens).toBe(7);
      expect((await stream({ messages: complaint, [limit]: 7 })).text).toBe(
        answer.choices[0]?.message.content,
      );
    }
  });

  test('ends before a stop string', async () => {
    const whole = await complete({ messages: complaint });
    const cut = await complete({ messages: complaint, stop: ['You wrote', 'never there'] });
    expect(whole.choices[0]?.message.content).toContain('You wrote');
    expect(cut.choices[0]?.message.content).not.toContain('You wrote');
    expect(cut.choices[0]?.finish_reason).toBe('stop');
  });

  test('comes n times, each counted', async () => {
    const answer = await complete({ messages: complaint, n: 3 });
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1, 2]);
    const tokens = answer.choices.map((choice) => countTokens(choice.message.content ?? ''));
    expect(answer.usage?.completion_tokens).toBe(tokens.reduce((sum, count) => sum + count, 0));
    expect(new Set(answer.choices.map((choice) => choice.message.content)).size).toBeGreaterThan(1);
  });

  test('summarises with sentences of the text', async () => {
    const text =
      'The card payment failed twice. The weather was nice. Our card team found that the card payment terminal had lost its network. Bob went home.';
    const answer = await complete({ messages: ask(`Summarize this:\n\n${text}`) });
    const said = answer.choices[0]?.message.content ?? '';
    expect(said.length).toBeLessThan(text.length);
    expect(said).toContain('terminal had lost its network.');
  });

  test('can be made an exact length', async () => {
    const answer = await complete({ messages: complaint, sandbox: { outputTokens: 333 } });
    expect(answer.usage?.completion_tokens).toBe(333);
  });

  test('takes images with a note', async () => {
    const content = [
      { type: 'text', text: 'What is wrong with this card?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    const answer = await complete({ messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toContain('does not look at images');
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(85);
  });
});

describe('tools', () => {
  const tools = [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'Current weather of a city',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
          required: ['city', 'unit'],
        },
      },
    },
    {
      type: 'function',
      function: {
        name: 'freeze_card',
        description: 'Blocks a lost card at once',
        parameters: { type: 'object' },
      },
    },
  ];
  const weather = ask('What is the weather like in Paris, in celsius?');

  test('the fitting one is called with arguments from the text', async () => {
    const answer = await complete({ messages: weather, tools });
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
    const call = answer.choices[0]?.message.tool_calls?.[0];
    expect(call?.function.name).toBe('get_weather');
    expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ city: 'Paris', unit: 'celsius' });
  });

  test('the same call comes in deltas, with the same usage', async () => {
    const plain = await complete({ messages: weather, tools });
    const streamed = await stream({ messages: weather, tools, stream_options: { include_usage: true } });
    const pieces = streamed.chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const call = plain.choices[0]?.message.tool_calls?.[0];
    expect(pieces[0]).toMatchObject({
      index: 0,
      id: call?.id,
      function: { name: 'get_weather', arguments: '' },
    });
    expect(pieces.map((piece) => piece.function.arguments).join('')).toBe(call?.function.arguments);
    expect(pieces.length).toBeGreaterThan(3);
    expect(streamed.usage).toEqual(plain.usage);
    expect(streamed.finish).toEqual(['tool_calls']);
  });

  test('none is called when nothing fits or none is wanted; the forced one always is', async () => {
    const unrelated = await complete({ messages: ask('Tell me about your opening hours.'), tools });
    expect(unrelated.choices[0]?.finish_reason).toBe('stop');
    expect(
      (await complete({ messages: weather, tools, tool_choice: 'none' })).choices[0]?.finish_reason,
    ).toBe('stop');
    const forced = await complete({
      messages: weather,
      tools,
      tool_choice: { type: 'function', function: { name: 'freeze_card' } },
    });
    expect(forced.choices[0]?.message.tool_calls?.map((call) => call.function.name)).toEqual(['freeze_card']);
  });

  test('several are called at once unless that is refused', async () => {
    const messages = ask('Freeze my lost card at once, and get me the weather in Oslo.');
    const both = await complete({ messages, tools });
    expect(both.choices[0]?.message.tool_calls).toHaveLength(2);
    const one = await complete({ messages, tools, parallel_tool_calls: false });
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  test('their results are answered from', async () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
    };
    const answer = await complete({
      tools,
      messages: [
        ...weather,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: '{"celsius":21,"sky":"clear"}' },
      ],
    });
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.choices[0]?.message.content).toContain('celsius 21');
  });
});

describe('what is not right is refused', () => {
  const messages = ask('hi');
  test.each([
    [{ model: 'large' }, 400, 'messages'],
    [{ messages, model: 'gpt-9' }, 404, 'model'],
    [{ model: 'large', messages: [] }, 400, 'messages'],
    [{ model: 'large', messages: [{ role: 'boss', content: 'hi' }] }, 400, 'messages[0].role'],
    [{ model: 'large', messages: [{ role: 'user' }] }, 400, 'messages[0].content'],
    [
      { model: 'large', messages: [{ role: 'tool', content: 'x', tool_call_id: 'no' }] },
      400,
      'messages[0].tool_call_id',
    ],
    [{ model: 'large', messages, max_tokens: 0 }, 400, 'max_tokens'],
    [{ model: 'large', messages, temperature: 3 }, 400, 'temperature'],
    [{ model: 'large', messages, n: 1.5 }, 400, 'n'],
    [{ model: 'large', messages, stream: 'yes' }, 400, 'stream'],
    [{ model: 'large', messages, stream_options: {} }, 400, 'stream_options'],
    [{ model: 'large', messages, tool_choice: 'auto' }, 400, 'tool_choice'],
    [{ model: 'large', messages, response_format: { type: 'json_object' } }, 400, 'messages'],
    [{ model: 'large', messages, sandbox: { fault: 'fire' } }, 400, 'sandbox.fault'],
    [{ model: 'large!fire', messages }, 400, 'sandbox.fault'],
  ])('%j', async (body, status, param) => {
    const response = await vendor.post('/chat/completions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  test('a prompt longer than the context', async () => {
    const response = await vendor.post('/chat/completions', {
      model: 'small',
      messages: ask('a b '.repeat(20_000)),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
  });

  test('bytes that are not JSON, unknown paths and methods', async () => {
    const bad = await fetch(`${vendor.url}/chat/completions`, { method: 'POST', body: '{"model":' });
    expect(bad.status).toBe(400);
    expect((await fetch(`${vendor.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${vendor.url}/chat/completions`)).status).toBe(405);
  });
});

test('models are listed and shown one by one', async () => {
  const list = (await (await fetch(`${vendor.url}/models`)).json()) as { data: { id: string }[] };
  expect(list.data.map((model) => model.id)).toEqual(['small', 'large', 'embed']);
  expect(await (await fetch(`${vendor.url}/models/large`)).json()).toMatchObject({
    id: 'large',
    object: 'model',
  });
  expect((await fetch(`${vendor.url}/models/gpt`)).status).toBe(404);
});

test('tokens joined are the text, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(tokenize(text).join('')).toBe(text);
    }),
  );
});
