/** Official clients as decoders: what each made of an answer, whole, and the facts in it that every protocol can say. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { generateText, jsonSchema, type LanguageModel, type LanguageModelUsage, streamText, tool } from 'ai';
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Response } from 'openai/resources/responses/responses';
import { anthropicClient, type Endpoint, openAiClient } from './clients.ts';

export interface Facts {
  text: string;
  thought: string;
  calls: { id: string; name: string; input: unknown }[];
  finish: 'stop' | 'length' | 'tools' | 'refusal' | 'other';
  /**
   * `null`: the client read none. `input` is the whole prompt, cached parts included; what a protocol leaves out because
   * there is none is 0.
   */
  usage: Tokens | null;
}

export interface Tokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
}

export interface Decoded {
  /** All the client gives an app, as JSON. */
  whole: unknown;
  facts: Facts;
}

export type Client =
  | 'openai chat'
  | 'openai responses'
  | 'anthropic messages'
  | 'ai chat'
  | 'ai responses'
  | 'ai messages';

type Decode = (to: Endpoint, stream: boolean) => Promise<Decoded>;

const QUESTION = 'What is the weather?';
const MODEL = 'reply';

/** Asks the task `reply` through the client, and says what came. */
export const DECODERS: Readonly<Record<Client, Decode>> = {
  async 'openai chat'(to, stream) {
    const api = openAiClient(to).chat.completions;
    const body = { model: MODEL, messages: [{ role: 'user' as const, content: QUESTION }] };
    if (!stream) {
      const whole = await api.create(body);
      return { whole: toJson(whole), facts: chatFacts(whole) };
    }
    const run = api.stream({ ...body, stream_options: { include_usage: true } });
    const extras: ChatExtras = { thought: '', usage: undefined };
    run.on('chunk', (chunk) => addExtras(extras, chunk));
    const whole = await run.finalChatCompletion();
    return { whole: toJson(whole), facts: chatFacts(whole as ChatCompletion, extras) };
  },
  async 'openai responses'(to, stream) {
    const api = openAiClient(to).responses;
    const body = { model: MODEL, input: QUESTION };
    const whole = stream ? await api.stream(body).finalResponse() : await api.create(body);
    return { whole: toJson(whole), facts: responsesFacts(whole) };
  },
  async 'anthropic messages'(to, stream) {
    const api = anthropicClient(to).messages;
    const body = {
      model: MODEL,
      max_tokens: 5000,
      thinking: { type: 'enabled' as const, budget_tokens: 1024 },
      messages: [{ role: 'user' as const, content: QUESTION }],
    };
    const whole = stream ? await api.stream(body).finalMessage() : await api.create(body);
    return { whole: toJson(whole), facts: messagesFacts(whole) };
  },
  'ai chat': (to, stream) => askAi(createOpenAI({ baseURL: to.baseUrl, apiKey: to.key }).chat(MODEL), stream),
  'ai responses': (to, stream) =>
    askAi(createOpenAI({ baseURL: to.baseUrl, apiKey: to.key }).responses(MODEL), stream),
  'ai messages': (to, stream) =>
    askAi(createAnthropic({ baseURL: to.baseUrl, apiKey: to.key })(MODEL), stream, {
      anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } },
    }),
};

const anyInput = tool({
  inputSchema: jsonSchema<Record<string, unknown>>({ type: 'object' }),
  execute: () => 'done',
});

/** Any model of the AI SDK. */
export async function askAi(
  model: LanguageModel,
  stream: boolean,
  providerOptions: NonNullable<Parameters<typeof generateText>[0]['providerOptions']> = {},
): Promise<Decoded> {
  const asked = {
    model,
    prompt: QUESTION,
    tools: { get_weather: anyInput, get_time: anyInput },
    maxRetries: 0,
    maxOutputTokens: 2000,
    providerOptions,
  };
  const errors: unknown[] = [];
  const result = stream
    ? streamText({ ...asked, onError: ({ error }) => void errors.push(error) })
    : await generateText(asked);
  const [text, thought, calls, finishReason, usage] = await Promise.all([
    result.text,
    result.reasoningText,
    result.toolCalls,
    result.finishReason,
    result.usage,
  ]);
  if (errors.length > 0) throw errors[0];
  const made = calls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, input }));
  const finish = {
    stop: 'stop',
    length: 'length',
    'tool-calls': 'tools',
    'content-filter': 'refusal',
  } as const;
  const facts: Facts = {
    text,
    thought: thought ?? '',
    calls: made,
    finish: finish[finishReason as keyof typeof finish] ?? 'other',
    usage: aiTokens(usage),
  };
  return { whole: toJson({ ...facts, usage }), facts };
}

function aiTokens({ inputTokens: input, outputTokens: output, ...usage }: LanguageModelUsage): Tokens | null {
  if (input === undefined || output === undefined) return null;
  return {
    input,
    output,
    cacheRead: usage.inputTokenDetails.cacheReadTokens ?? 0,
    cacheWrite: usage.inputTokenDetails.cacheWriteTokens ?? 0,
    reasoning: usage.outputTokenDetails.reasoningTokens ?? 0,
  };
}

/** As an app would keep it: methods and clients' own marks (`_request_id`, `parsed`) are no part of the answer. */
function toJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, member) => (/^(_|parsed|output_parsed)/.test(name) ? undefined : member)),
  );
}

interface Said {
  reasoning_content?: string;
  reasoning?: string;
}

/** What vendors add to chat streams, which the client gives chunk by chunk and does not put together. */
interface ChatExtras {
  thought: string;
  usage: CompletionUsage | undefined;
}

function addExtras(extras: ChatExtras, chunk: ChatCompletionChunk): void {
  const { reasoning_content: content, reasoning } = (chunk.choices[0]?.delta ?? {}) as Said;
  extras.thought += content ?? reasoning ?? '';
  extras.usage = (chunk as { x_groq?: { usage?: CompletionUsage } }).x_groq?.usage ?? extras.usage;
}

function chatFacts(answer: ChatCompletion, extras?: ChatExtras): Facts {
  const [choice] = answer.choices;
  const usage = answer.usage ?? extras?.usage;
  if (!choice) throw new Error('no choice');
  const { message } = choice;
  const { reasoning_content: content, reasoning } = message as Said;
  const finish = { stop: 'stop', length: 'length', tool_calls: 'tools', content_filter: 'refusal' } as const;
  return {
    text: message.content ?? '',
    thought: extras?.thought ?? content ?? reasoning ?? '',
    calls: (message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error(`a call of type ${call.type}`);
      return { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) };
    }),
    finish: finish[choice.finish_reason as keyof typeof finish] ?? 'other',
    usage: usage ? chatTokens(usage) : null,
  };
}

function chatTokens(usage: CompletionUsage): Tokens {
  const { prompt_cache_hit_tokens: hits } = usage as { prompt_cache_hit_tokens?: number };
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage;
  const { cache_write_tokens: written = 0 } = (prompt ?? {}) as { cache_write_tokens?: number };
  return {
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    cacheRead: prompt?.cached_tokens ?? hits ?? 0,
    cacheWrite: written,
    reasoning: completion?.reasoning_tokens ?? 0,
  };
}

function responsesFacts({ output, usage, incomplete_details: incomplete }: Response): Facts {
  if (!usage) throw new Error('no usage');
  const calls = output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) }]
      : [],
  );
  const texts = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const thoughts = output.flatMap((item) =>
    item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : [],
  );
  const cut = { max_output_tokens: 'length', content_filter: 'refusal' } as const;
  const { cache_write_tokens: written = 0 } = usage.input_tokens_details as { cache_write_tokens?: number };
  return {
    text: texts.map((part) => (part.type === 'output_text' ? part.text : part.refusal)).join(''),
    thought: thoughts.map(({ text }) => text).join(''),
    calls,
    finish: incomplete?.reason ? cut[incomplete.reason] : calls.length > 0 ? 'tools' : 'stop',
    usage: {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.input_tokens_details.cached_tokens,
      cacheWrite: written,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    },
  };
}

function messagesFacts({ content, stop_reason, usage }: Message): Facts {
  const finish = {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    tool_use: 'tools',
    refusal: 'refusal',
  } as const;
  const [cacheRead, cacheWrite] = [
    usage.cache_read_input_tokens ?? 0,
    usage.cache_creation_input_tokens ?? 0,
  ];
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    thought: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    finish: finish[stop_reason as keyof typeof finish] ?? 'other',
    usage: {
      input: usage.input_tokens + cacheRead + cacheWrite,
      output: usage.output_tokens,
      cacheRead,
      cacheWrite,
      reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
    },
  };
}
