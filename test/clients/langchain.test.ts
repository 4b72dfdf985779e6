/** LangChain.js with its OpenAI and Anthropic models, unmodified: base URL and key are all that changes. */
import { ChatAnthropic } from '@langchain/anthropic';
import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { expect } from 'vitest';
import type { Endpoint } from '../conformance/clients.ts';
import { TEXT } from './script.ts';
import { clientSuite, type Scenario } from './suite.ts';
import { City, ONE_CITY, Weather } from './texts.ts';

type ChatModel = ChatOpenAI | ChatAnthropic;

const openai = ({ baseUrl, key }: Endpoint, useResponsesApi: boolean) =>
  new ChatOpenAI({
    model: 'reply',
    apiKey: key,
    maxRetries: 0,
    useResponsesApi,
    configuration: { baseURL: baseUrl },
  });

const MODELS: Readonly<Record<string, (endpoint: Endpoint) => ChatModel>> = {
  ChatOpenAI: (endpoint) => openai(endpoint, false),
  'ChatOpenAI with responses': (endpoint) => openai(endpoint, true),
  ChatAnthropic: ({ baseUrl, key }) =>
    new ChatAnthropic({
      model: 'reply',
      apiKey: key,
      maxRetries: 0,
      maxTokens: 2_000,
      anthropicApiUrl: baseUrl.replace(/\/v1$/, ''),
    }),
};

const weather = tool((given: { city: string }) => `21 degrees in ${given.city}`, {
  name: 'get_weather',
  description: 'Weather',
  schema: City,
});

const scenarios = Object.entries(MODELS).flatMap(([name, modelOf]): Scenario[] => [
  {
    name: `${name}: invoke`,
    async run({ endpoint, family }) {
      const answer: AIMessageChunk = await modelOf(endpoint).invoke('Hello');
      expect(answer.usage_metadata).toMatchObject({ total_tokens: expect.any(Number) });
      if (!family.scripted) return;
      expect(answer.text).toBe(TEXT);
      expect(answer.usage_metadata).toMatchObject({ input_tokens: 1000, output_tokens: 200 });
    },
  },
  {
    name: `${name}: stream`,
    needs: ['streaming'],
    async run({ endpoint, family }) {
      let text = '';
      for await (const chunk of await modelOf(endpoint).stream('Hello')) text += chunk.text;
      expect(text).not.toBe('');
      if (family.scripted) expect(text).toBe(TEXT);
    },
  },
  {
    name: `${name}: bindTools`,
    needs: ['tools'],
    scripted: true,
    async run({ endpoint }) {
      const bound = modelOf(endpoint).bindTools([weather]);
      const question = new HumanMessage(ONE_CITY);
      const first = await bound.invoke([question]);
      expect(first.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Paris' } }]);
      const [call] = first.tool_calls ?? [];
      const result: ToolMessage = await weather.invoke({ ...call, type: 'tool_call' } as never);
      expect(result).toBeInstanceOf(ToolMessage);
      const second = await bound.invoke([question, first, result]);
      expect(second.text).toBe('It is 21 degrees in Paris.');
    },
  },
  {
    name: `${name}: withStructuredOutput`,
    needs: name === 'ChatAnthropic' ? ['tools'] : ['jsonSchema'],
    async run({ endpoint }) {
      const structured = modelOf(endpoint).withStructuredOutput(Weather, { name: 'weather' });
      const found: unknown = await structured.invoke('Where is it warm?');
      expect(() => Weather.parse(found)).not.toThrow();
    },
  },
]);

const embeddings: Scenario = {
  name: 'OpenAIEmbeddings',
  needs: ['embeddings'],
  async run({ endpoint: { baseUrl, key }, family }) {
    const model = new OpenAIEmbeddings({
      model: 'embed',
      apiKey: key,
      maxRetries: 0,
      configuration: { baseURL: baseUrl },
    });
    const found = await model.embedDocuments(['a', 'b']);
    expect(found).toHaveLength(2);
    if (family.scripted) expect(found[0]).toEqual([0.25, -0.5, 1]);
  },
};

clientSuite('LangChain.js', [...scenarios, embeddings]);
