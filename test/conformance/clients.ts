/** The official clients as the conformance suites use them: what they decoded, beside the bytes they were given. */
import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk';
import OpenAI, { APIError as OpenAiError } from 'openai';
import type { Protocol } from '../../src/core/protocol.ts';

export interface Heard {
  text: string;
  /** The bytes of the answer, as text. */
  raw: string;
  status: number;
  headers: Headers;
  /** What the client threw; `null`: it took the answer for whole. */
  error: { status: number | undefined; message: string } | null;
}

export interface Endpoint {
  /** `http://.../v1` */
  baseUrl: string;
  key: string;
  fetch?: typeof fetch;
}

export interface AskOptions {
  stream: boolean;
  model: string;
  /** Called with the text so far. */
  onText?: (text: string) => void;
}

export type TextProtocol = Exclude<Protocol, 'embeddings'>;
type Say = (text: string) => void;

/** Asks through the official client of a protocol, which does not retry. */
export async function ask(to: Endpoint, protocol: TextProtocol, options: AskOptions): Promise<Heard> {
  const heard: Heard = { text: '', raw: '', status: 0, headers: new Headers(), error: null };
  const tapped: typeof fetch = async (input, init) => {
    const response = await (to.fetch ?? fetch)(input, init);
    heard.status = response.status;
    heard.headers = response.headers;
    const decoder = new TextDecoder();
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        heard.raw += decoder.decode(bytes, { stream: true });
        controller.enqueue(bytes);
      },
    });
    const { status, headers, body } = response;
    return new Response(body?.pipeThrough(tap) ?? null, { status, headers });
  };
  const say: Say = (text) => {
    heard.text += text;
    options.onText?.(heard.text);
  };
  try {
    await ASKS[protocol]({ ...to, fetch: tapped }, options, say);
  } catch (error) {
    if (!(error instanceof OpenAiError || error instanceof AnthropicError)) throw error;
    heard.error = { status: error.status, message: error.message };
  }
  return heard;
}

const QUESTION = 'Hello';
const ASKS: Readonly<Record<TextProtocol, (to: Endpoint, options: AskOptions, say: Say) => Promise<void>>> = {
  async chat(to, { stream, model }, say) {
    const openai = openAiClient(to);
    const body = { model, messages: [{ role: 'user' as const, content: QUESTION }] };
    if (stream) {
      const chunks = await openai.chat.completions.create({ ...body, stream });
      for await (const chunk of chunks) say(chunk.choices[0]?.delta.content ?? '');
    } else {
      const answer = await openai.chat.completions.create(body);
      say(answer.choices[0]?.message.content ?? '');
    }
  },
  async messages(to, { stream, model }, say) {
    const anthropic = anthropicClient(to);
    const body = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: QUESTION }] };
    if (stream) {
      const events = await anthropic.messages.create({ ...body, stream });
      for await (const event of events)
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') say(event.delta.text);
    } else {
      const { content } = await anthropic.messages.create(body);
      say(content.map((block) => (block.type === 'text' ? block.text : '')).join(''));
    }
  },
  async responses(to, { stream, model }, say) {
    const openai = openAiClient(to);
    const body = { model, input: QUESTION };
    if (stream) {
      const events = await openai.responses.create({ ...body, stream });
      for await (const event of events) if (event.type === 'response.output_text.delta') say(event.delta);
    } else {
      say((await openai.responses.create(body)).output_text);
    }
  },
};

export function openAiClient({ baseUrl, key, fetch: transport }: Endpoint): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    apiKey: key,
    maxRetries: 0,
    ...(transport && { fetch: transport }),
  });
}

export function anthropicClient({ baseUrl, key, fetch: transport }: Endpoint): Anthropic {
  return new Anthropic({
    baseURL: baseUrl.replace(/\/v1$/, ''),
    apiKey: key,
    maxRetries: 0,
    ...(transport && { fetch: transport }),
  });
}
