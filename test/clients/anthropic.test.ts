/** The official `@anthropic-ai/sdk` client, unmodified: base URL and key are all that changes. */
import type Anthropic from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import { anthropicClient } from '../conformance/clients.ts';
import { modelAsked } from './families.ts';
import { REFUSAL, TEXT, THOUGHT } from './script.ts';
import { clientSuite, type Scenario } from './suite.ts';
import { ONE_CITY, PIXEL, TWO_CITIES, WEATHER_PARAMETERS, Weather, weatherSchema } from './texts.ts';

const weather: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather',
  input_schema: WEATHER_PARAMETERS,
};
const body = (content: Anthropic.MessageParam['content']) => ({
  model: 'reply',
  max_tokens: 2_000,
  messages: [{ role: 'user' as const, content }],
});
const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

const BOTH = [false, true];

const scenarios: Scenario[] = [
  ...BOTH.map(
    (stream): Scenario => ({
      name: `plain answer, stream helper ${stream}`,
      ...(stream && { needs: ['streaming'] as const }),
      async run({ endpoint, family, calls }) {
        const { messages } = anthropicClient(endpoint);
        const message = stream
          ? await messages.stream(body('Hello')).finalMessage()
          : await messages.create(body('Hello'));
        expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' });
        expect(message.usage.output_tokens).toBeGreaterThan(0);
        if (!family.scripted) return;
        expect(textOf(message)).toBe(TEXT);
        expect(message.usage).toMatchObject({ input_tokens: 1000, output_tokens: 200 });
        expect(calls.map(modelAsked)).toEqual([family.model]);
      },
    }),
  ),
  ...BOTH.map(
    (stream): Scenario => ({
      name: `parallel tool calls and their results, stream ${stream}`,
      needs: ['tools', 'parallelTools'],
      scripted: true,
      async run({ endpoint }) {
        const { messages } = anthropicClient(endpoint);
        const ask = (turns: Anthropic.MessageParam[]) => {
          const params = { ...body(''), messages: turns, tools: [weather] };
          return stream ? messages.stream(params).finalMessage() : messages.create(params);
        };
        const question: Anthropic.MessageParam = { role: 'user', content: TWO_CITIES };
        const first = await ask([question]);
        expect(first.stop_reason).toBe('tool_use');
        const made = first.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
        expect(made.map(({ input }) => input)).toEqual([{ city: 'Paris' }, { city: 'Oslo' }]);
        const results = made.map(({ id }, index) => ({
          type: 'tool_result' as const,
          tool_use_id: id,
          content: `${20 + index} degrees`,
        }));
        const turn: Anthropic.MessageParam = { role: 'assistant', content: first.content };
        const second = await ask([question, turn, { role: 'user', content: results }]);
        expect(textOf(second)).toBe('It is 20 degrees and 21 degrees.');
      },
    }),
  ),
  {
    name: 'tool choice',
    needs: ['tools'],
    async run({ endpoint }) {
      const message = await anthropicClient(endpoint).messages.create({
        ...body(ONE_CITY),
        tools: [weather],
        tool_choice: { type: 'tool', name: 'get_weather' },
      });
      const [call] = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
      expect(call?.name).toBe('get_weather');
      expect(call?.input).toHaveProperty('city');
    },
  },
  ...BOTH.map(
    (stream): Scenario => ({
      name: `thinking, stream ${stream}`,
      needs: ['reasoning'],
      scripted: true,
      async run({ endpoint }) {
        const { messages } = anthropicClient(endpoint);
        const params = { ...body('Hello'), thinking: { type: 'enabled' as const, budget_tokens: 1_024 } };
        const message = stream ? await messages.stream(params).finalMessage() : await messages.create(params);
        expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
        expect(message.content[0]).toMatchObject({ type: 'thinking', thinking: THOUGHT });
        expect(textOf(message)).toBe(TEXT);
      },
    }),
  ),
  {
    name: 'structured output',
    needs: ['jsonSchema'],
    async run({ endpoint }) {
      const message = await anthropicClient(endpoint).messages.create({
        ...body('Where is it warm?'),
        output_config: { format: { type: 'json_schema', schema: weatherSchema() } },
      });
      expect(() => Weather.parse(JSON.parse(textOf(message)))).not.toThrow();
    },
  },
  {
    name: 'an image',
    needs: ['images'],
    scripted: true,
    async run({ endpoint, calls }) {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL };
      await anthropicClient(endpoint).messages.create(body([{ type: 'image', source }]));
      expect(calls[0]?.bytes.toString()).toContain(PIXEL);
    },
  },
  {
    name: 'prompt cache marks',
    async run({ endpoint, family, calls }) {
      const system: Anthropic.TextBlockParam[] = [
        { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      ];
      await anthropicClient(endpoint).messages.create({ ...body('Hello'), system });
      if (family.name === 'anthropic') expect(calls[0]?.body.system).toEqual(system);
    },
  },
  {
    name: 'a refusal',
    scripted: true,
    refuses: true,
    async run({ endpoint, family }) {
      const message = await anthropicClient(endpoint).messages.create(body('Please refuse.'));
      expect(message.stop_reason).toBe(family.refuses === 'in-text' ? 'end_turn' : 'refusal');
      expect(textOf(message)).toBe(REFUSAL);
    },
  },
  {
    name: 'stop reason max_tokens',
    scripted: true,
    async run({ endpoint }) {
      const message = await anthropicClient(endpoint).messages.create(body('Tell it at length.'));
      expect(message.stop_reason).toBe('max_tokens');
    },
  },
  {
    name: 'count_tokens',
    async run({ endpoint, family }) {
      const counted = await anthropicClient(endpoint).messages.countTokens({
        model: 'reply',
        messages: [{ role: 'user', content: 'Hello there, how are you?' }],
      });
      expect(counted.input_tokens).toBeGreaterThan(0);
      if (family.name === 'anthropic') expect(counted.input_tokens).toBe(1000);
    },
  },
];

clientSuite('@anthropic-ai/sdk', scenarios);
