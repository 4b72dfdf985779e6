/** The official `openai` client, unmodified: base URL and key are all that changes. */
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { expect } from 'vitest';
import { openAiClient } from '../conformance/clients.ts';
import { modelAsked } from './families.ts';
import { REFUSAL, TEXT, THOUGHT } from './script.ts';
import { clientSuite, type Scenario } from './suite.ts';
import { ONE_CITY, PIXEL, TWO_CITIES, WEATHER_PARAMETERS, Weather } from './texts.ts';

const user = (content: string) => [{ role: 'user' as const, content }];
const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'Weather', parameters: WEATHER_PARAMETERS },
};

const chat: Scenario[] = [
  {
    name: 'chat: plain',
    async run({ endpoint, family, calls }) {
      const openai = openAiClient(endpoint);
      const answer = await openai.chat.completions.create({ model: 'reply', messages: user('Hello') });
      expect(answer.object).toBe('chat.completion');
      expect(answer.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop' });
      if (!family.scripted) return;
      expect(answer.choices[0]?.message.content).toBe(TEXT);
      expect(answer.usage).toMatchObject({ prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 });
      expect(calls.map(modelAsked)).toEqual([family.model]);
    },
  },
  {
    name: 'chat: stream with usage',
    needs: ['streaming'],
    async run({ endpoint, family }) {
      const stream = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Hello'),
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      const finishes = [];
      let usage = null;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
        usage = chunk.usage ?? usage;
      }
      expect(finishes).toEqual(['stop']);
      expect(usage?.completion_tokens).toBeGreaterThan(0);
      if (family.scripted) expect(text).toBe(TEXT);
    },
  },
  {
    name: 'chat: the stream helper',
    needs: ['streaming'],
    async run({ endpoint, family }) {
      const stream = openAiClient(endpoint).chat.completions.stream({
        model: 'reply',
        messages: user('Hello'),
      });
      let text = '';
      stream.on('content', (delta) => {
        text += delta;
      });
      const final = await stream.finalChatCompletion();
      expect(final.choices[0]?.message.content).toBe(text);
      if (family.scripted) expect(text).toBe(TEXT);
    },
  },
  ...[false, true].map(
    (stream): Scenario => ({
      name: `chat: parallel tool calls and their results, stream ${stream}`,
      needs: ['tools', 'parallelTools'],
      scripted: true,
      async run({ endpoint }) {
        const { completions } = openAiClient(endpoint).chat;
        const body = { model: 'reply', tools: [weather], parallel_tool_calls: true };
        const ask = (messages: Parameters<typeof completions.create>[0]['messages']) =>
          stream
            ? completions.stream({ ...body, messages }).finalChatCompletion()
            : completions.create({ ...body, messages });
        const first = (await ask(user(TWO_CITIES))).choices[0];
        expect(first?.finish_reason).toBe('tool_calls');
        const made = (first?.message.tool_calls ?? []).filter((call) => call.type === 'function');
        expect(made.map((call) => JSON.parse(call.function.arguments))).toEqual([
          { city: 'Paris' },
          { city: 'Oslo' },
        ]);
        const results = made.map((call, index) => ({
          role: 'tool' as const,
          tool_call_id: call.id,
          content: `${20 + index} degrees`,
        }));
        if (!first) throw new Error('no answer');
        const { content, tool_calls } = first.message;
        const turn = { role: 'assistant' as const, content, ...(tool_calls && { tool_calls }) };
        const second = await ask([...user(TWO_CITIES), turn, ...results]);
        expect(second.choices[0]?.message.content).toBe('It is 20 degrees and 21 degrees.');
      },
    }),
  ),
  {
    name: 'chat: tool choice',
    needs: ['tools'],
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user(ONE_CITY),
        tools: [weather],
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
      });
      const [call] = answer.choices[0]?.message.tool_calls ?? [];
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
    },
  },
  {
    name: 'chat: runTools',
    needs: ['tools'],
    scripted: true,
    async run({ endpoint }) {
      const asked: unknown[] = [];
      const runner = openAiClient(endpoint).chat.completions.runTools({
        model: 'reply',
        messages: user(ONE_CITY),
        tools: [
          {
            type: 'function',
            function: {
              ...weather.function,
              parse: JSON.parse,
              function: (given: { city: string }) => {
                asked.push(given);
                return '21 degrees';
              },
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe('It is 21 degrees.');
      expect(asked).toEqual([{ city: 'Paris' }]);
    },
  },
  ...[false, true].map(
    (stream): Scenario => ({
      name: `chat: structured output with zodResponseFormat, stream ${stream}`,
      needs: ['jsonSchema'],
      async run({ endpoint }) {
        const { completions } = openAiClient(endpoint).chat;
        const body = {
          model: 'reply',
          messages: user('Where is it warm?'),
          response_format: zodResponseFormat(Weather, 'weather'),
        };
        const answer = stream
          ? await completions.stream(body).finalChatCompletion()
          : await completions.parse(body);
        const parsed: unknown = answer.choices[0]?.message.parsed;
        expect(() => Weather.parse(parsed)).not.toThrow();
      },
    }),
  ),
  {
    name: 'chat: JSON mode',
    needs: ['jsonMode'],
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Answer in JSON.'),
        response_format: { type: 'json_object' },
      });
      expect(() => JSON.parse(answer.choices[0]?.message.content ?? '') as unknown).not.toThrow();
    },
  },
  {
    name: 'chat: n > 1',
    needs: ['manyChoices'],
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Hello'),
        n: 2,
      });
      expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
    },
  },
  {
    name: 'chat: logprobs',
    needs: ['logprobs'],
    scripted: true,
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Hello'),
        logprobs: true,
        top_logprobs: 1,
      });
      expect(answer.choices[0]?.logprobs?.content?.[0]).toMatchObject({ token: TEXT, logprob: -0.25 });
    },
  },
  {
    name: 'chat: stop',
    needs: ['stop'],
    scripted: true,
    async run({ endpoint, calls }) {
      await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Hello'),
        stop: ['END'],
      });
      // By whatever name: every wire has its own.
      expect(calls[0]?.bytes.toString()).toContain('["END"]');
    },
  },
  {
    name: 'chat: seed',
    needs: ['seed'],
    async run({ endpoint }) {
      await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Hello'),
        seed: 7,
      });
    },
  },
  {
    name: 'chat: an image',
    needs: ['images'],
    scripted: true,
    async run({ endpoint, calls }) {
      const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } };
      const content = [{ type: 'text' as const, text: 'What is it?' }, image];
      await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: [{ role: 'user', content }],
      });
      expect(calls[0]?.bytes.toString()).toContain(PIXEL);
    },
  },
  {
    name: 'chat: a file',
    needs: ['files'],
    scripted: true,
    async run({ endpoint, calls }) {
      const file = {
        type: 'file' as const,
        file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0x' },
      };
      await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: [{ role: 'user', content: [file] }],
      });
      expect(calls[0]?.bytes.toString()).toContain('JVBERi0x');
    },
  },
  {
    name: 'chat: audio',
    needs: ['audio'],
    scripted: true,
    async run({ endpoint, calls }) {
      const audio = { type: 'input_audio' as const, input_audio: { data: 'UklGRg', format: 'wav' as const } };
      await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: [{ role: 'user', content: [audio] }],
      });
      expect(calls[0]?.bytes.toString()).toContain('UklGRg');
    },
  },
  ...[false, true].map(
    (stream): Scenario => ({
      name: `chat: reasoning effort and what was thought, stream ${stream}`,
      needs: ['reasoning'],
      scripted: true,
      async run({ endpoint }) {
        const { completions } = openAiClient(endpoint).chat;
        const body = {
          model: 'reply',
          messages: user('Hello'),
          reasoning_effort: 'low' as const,
        };
        const thoughts: unknown[] = [];
        // A member of several vendors, not of the client's types.
        const keep = (said: object | undefined): void => {
          if (said && 'reasoning_content' in said) thoughts.push(said.reasoning_content);
        };
        if (stream) {
          for await (const { choices } of await completions.create({ ...body, stream }))
            keep(choices[0]?.delta);
        } else {
          const { choices } = await completions.create(body);
          keep(choices[0]?.message);
        }
        expect(thoughts.join('')).toBe(THOUGHT);
      },
    }),
  ),
  {
    name: 'chat: a refusal',
    scripted: true,
    refuses: true,
    async run({ endpoint, family }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Please refuse.'),
      });
      const choice = answer.choices[0];
      // Messages vendors have a stop reason for it, chat vendors a member.
      if (family.refuses === 'by-finish-reason')
        expect(choice).toMatchObject({ finish_reason: 'content_filter', message: { content: REFUSAL } });
      else if (family.refuses === 'in-text') expect(choice?.message.content).toBe(REFUSAL);
      else expect(choice?.message.refusal).toBe(REFUSAL);
    },
  },
  {
    name: 'chat: finish reason length',
    scripted: true,
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).chat.completions.create({
        model: 'reply',
        messages: user('Tell it at length.'),
      });
      expect(answer.choices[0]?.finish_reason).toBe('length');
    },
  },
  {
    name: 'embeddings',
    needs: ['embeddings'],
    async run({ endpoint, family }) {
      const answer = await openAiClient(endpoint).embeddings.create({ model: 'embed', input: ['a', 'b'] });
      expect(answer.data.map(({ index }) => index)).toEqual([0, 1]);
      if (family.scripted) expect(answer.data[0]?.embedding).toEqual([0.25, -0.5, 1]);
    },
  },
  {
    name: 'models',
    async run({ endpoint }) {
      const { data } = await openAiClient(endpoint).models.list();
      expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['reply', 'embed']));
    },
  },
];

const tool = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Weather',
  parameters: WEATHER_PARAMETERS,
  strict: true,
};

const responses: Scenario[] = [
  {
    name: 'responses: plain',
    async run({ endpoint, family }) {
      const answer = await openAiClient(endpoint).responses.create({ model: 'reply', input: 'Hello' });
      expect(answer).toMatchObject({ object: 'response', status: 'completed' });
      expect(answer.usage?.input_tokens).toBeGreaterThan(0);
      if (family.scripted) expect(answer.output_text).toBe(TEXT);
    },
  },
  {
    name: 'responses: events and the stream helper',
    needs: ['streaming'],
    async run({ endpoint, family }) {
      const stream = openAiClient(endpoint).responses.stream({ model: 'reply', input: 'Hello' });
      const types = new Set<string>();
      let text = '';
      for await (const event of stream) {
        types.add(event.type);
        if (event.type === 'response.output_text.delta') text += event.delta;
      }
      const final = await stream.finalResponse();
      expect(final.output_text).toBe(text);
      expect([...types]).toEqual(
        expect.arrayContaining(['response.created', 'response.output_text.delta', 'response.completed']),
      );
      if (family.scripted) expect(text).toBe(TEXT);
    },
  },
  ...[false, true].map(
    (stream): Scenario => ({
      name: `responses: parallel tool calls and their results, stream ${stream}`,
      needs: ['tools', 'parallelTools'],
      scripted: true,
      async run({ endpoint }) {
        const { responses: api } = openAiClient(endpoint);
        type Input = Exclude<NonNullable<Parameters<typeof api.create>[0]['input']>, string>;
        const ask = (input: Input) =>
          stream
            ? api.stream({ model: 'reply', input, tools: [tool] }).finalResponse()
            : api.create({ model: 'reply', input, tools: [tool] });
        const question: Input = [{ role: 'user', content: TWO_CITIES }];
        const { output } = await ask(question);
        const made = output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
        expect(made.map((call): unknown => JSON.parse(call.arguments))).toEqual([
          { city: 'Paris' },
          { city: 'Oslo' },
        ]);
        const calls = made.map(({ call_id, name, arguments: given }) => ({
          type: 'function_call' as const,
          call_id,
          name,
          arguments: given,
        }));
        const results = made.map(({ call_id }, index) => ({
          type: 'function_call_output' as const,
          call_id,
          output: `${20 + index} degrees`,
        }));
        const second = await ask([...question, ...calls, ...results]);
        expect(second.output_text).toBe('It is 20 degrees and 21 degrees.');
      },
    }),
  ),
  {
    name: 'responses: structured output with zodTextFormat',
    needs: ['jsonSchema'],
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).responses.parse({
        model: 'reply',
        input: 'Where is it warm?',
        text: { format: zodTextFormat(Weather, 'weather') },
      });
      expect(() => Weather.parse(answer.output_parsed)).not.toThrow();
    },
  },
  {
    name: 'responses: reasoning items',
    needs: ['reasoning'],
    scripted: true,
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).responses.create({
        model: 'reply',
        input: 'Hello',
        reasoning: { effort: 'low', summary: 'auto' },
      });
      const reasoning = answer.output.find((item) => item.type === 'reasoning');
      expect([...(reasoning?.summary ?? []), ...(reasoning?.content ?? [])].map(({ text }) => text)).toEqual([
        THOUGHT,
      ]);
    },
  },
  {
    name: 'responses: an answer cut by its length is incomplete',
    scripted: true,
    async run({ endpoint }) {
      const answer = await openAiClient(endpoint).responses.create({
        model: 'reply',
        input: 'Tell it at length.',
      });
      expect(answer).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
      });
    },
  },
  {
    name: 'responses: an image',
    needs: ['images'],
    scripted: true,
    async run({ endpoint, calls }) {
      const url = `data:image/png;base64,${PIXEL}`;
      const image = { type: 'input_image' as const, image_url: url, detail: 'auto' as const };
      await openAiClient(endpoint).responses.create({
        model: 'reply',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is it?' }, image] }],
      });
      expect(calls[0]?.bytes.toString()).toContain(PIXEL);
    },
  },
];

clientSuite('openai', [...chat, ...responses]);
