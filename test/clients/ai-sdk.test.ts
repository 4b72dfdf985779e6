/** Vercel's `ai`, with its OpenAI and Anthropic providers, unmodified: base URL and key are all that changes. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import {
  embedMany,
  generateObject,
  generateText,
  type LanguageModel,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { expect } from 'vitest';
import type { Endpoint } from '../conformance/clients.ts';
import { TEXT } from './script.ts';
import { clientSuite, type Scenario } from './suite.ts';
import { City, Weather } from './texts.ts';

const openai = ({ baseUrl, key }: Endpoint) => createOpenAI({ baseURL: baseUrl, apiKey: key });
const anthropic = ({ baseUrl, key }: Endpoint) => createAnthropic({ baseURL: baseUrl, apiKey: key });

const MODELS: Readonly<Record<string, (endpoint: Endpoint) => LanguageModel>> = {
  'openai.chat': (endpoint) => openai(endpoint).chat('reply'),
  'openai.responses': (endpoint) => openai(endpoint).responses('reply'),
  anthropic: (endpoint) => anthropic(endpoint)('reply'),
};

const quiet = { maxRetries: 0, maxOutputTokens: 2_000 };

const scenarios = Object.entries(MODELS).flatMap(([name, modelOf]): Scenario[] => [
  {
    name: `${name}: generateText`,
    async run({ endpoint, family }) {
      const { text, finishReason, usage } = await generateText({
        model: modelOf(endpoint),
        prompt: 'Hello',
        ...quiet,
      });
      expect(finishReason).toBe('stop');
      if (!family.scripted) return;
      expect(text).toBe(TEXT);
      expect(usage).toMatchObject({ inputTokens: 1000, outputTokens: 200 });
    },
  },
  {
    name: `${name}: streamText`,
    needs: ['streaming'],
    async run({ endpoint, family }) {
      const errors: unknown[] = [];
      const result = streamText({
        model: modelOf(endpoint),
        prompt: 'Hello',
        onError: ({ error }) => void errors.push(error),
        ...quiet,
      });
      let text = '';
      for await (const part of result.textStream) text += part;
      expect(errors).toEqual([]);
      expect(await result.finishReason).toBe('stop');
      if (family.scripted) expect(text).toBe(TEXT);
    },
  },
  {
    name: `${name}: tools in steps`,
    needs: ['tools'],
    scripted: true,
    async run({ endpoint }) {
      const asked: unknown[] = [];
      const { text, steps } = await generateText({
        model: modelOf(endpoint),
        prompt: 'What is the weather in Paris?',
        tools: {
          get_weather: tool({
            description: 'Weather',
            inputSchema: City,
            execute: (given) => {
              asked.push(given);
              return '21 degrees';
            },
          }),
        },
        stopWhen: stepCountIs(3),
        ...quiet,
      });
      expect(asked).toEqual([{ city: 'Paris' }]);
      expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
      expect(text).toContain('21 degrees');
    },
  },
  {
    name: `${name}: generateObject`,
    // For a model whose name it does not know, its Anthropic provider asks by a forced tool instead of a schema.
    needs: name === 'anthropic' ? ['tools', 'oneToolCall'] : ['jsonSchema'],
    async run({ endpoint }) {
      const { object } = await generateObject({
        model: modelOf(endpoint),
        schema: Weather,
        prompt: 'Where is it warm?',
        ...quiet,
      });
      expect(() => Weather.parse(object)).not.toThrow();
    },
  },
]);

const embeddings: Scenario = {
  name: 'embedMany',
  needs: ['embeddings'],
  async run({ endpoint, family }) {
    const { embeddings: found } = await embedMany({
      model: openai(endpoint).embedding('embed'),
      values: ['a', 'b'],
      maxRetries: 0,
    });
    expect(found).toHaveLength(2);
    if (family.scripted) expect(found[0]).toEqual([0.25, -0.5, 1]);
  },
};

clientSuite('ai', [...scenarios, embeddings]);
