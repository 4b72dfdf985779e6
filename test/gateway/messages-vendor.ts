/** What a vendor of the messages protocol, and one of chat, send over real HTTP, for the tests of `/v1/messages`. */
import type { ServerResponse } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import type { Upstream, UpstreamCall } from '../support/upstream.ts';
import { type Harness, KEY } from './harness.ts';

/** The official client, without its own retries. */
export function client(harness: Harness, options: { bearer?: boolean } = {}): Anthropic {
  return new Anthropic({
    baseURL: harness.baseUrl.replace(/\/v1$/, ''),
    maxRetries: 0,
    fetch: harness.fetch,
    ...(options.bearer ? { apiKey: null, authToken: KEY } : { apiKey: KEY }),
  });
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_native' });
  response.end(JSON.stringify(body));
}

export function sendEvents(response: ServerResponse, bytes: Buffer | string, end = true): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_native' });
  response.write(bytes);
  if (end) response.end();
}

/** Chat chunks as a stream. `usage` comes with the last one when the request asks for it. */
export function sendChunks(
  call: UpstreamCall,
  response: ServerResponse,
  { deltas, finish, usage }: { deltas: object[]; finish: string; usage: object },
): void {
  const chunk = (members: object): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-7', object: 'chat.completion.chunk', created: 1, model: call.body.model, ...members })}\n\n`;
  const choices = (delta: object, reason: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  const asked = (call.body.stream_options as { include_usage?: boolean } | undefined)?.include_usage;
  const text =
    deltas.map((delta) => chunk(choices(delta))).join('') +
    chunk(choices({}, finish)) +
    (asked ? chunk({ choices: [], usage }) : '');
  sendEvents(response, `${text}data: [DONE]\n\n`);
}

/** Answers every call of the upstream with the same completion, plain or streamed as asked. */
export function answerChat(
  upstream: Upstream,
  { message, deltas, finish, usage }: { message: object; deltas: object[]; finish: string; usage: object },
): void {
  upstream.answer = (call, response) => {
    if (call.body.stream === true) return sendChunks(call, response, { deltas, finish, usage });
    sendJson(response, {
      id: 'chatcmpl-7',
      object: 'chat.completion',
      created: 1,
      model: call.body.model,
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
      usage,
    });
  };
}
