/**
 * What vendors behind packages send, written by hand after their published references (from memory, 2026-11-25), not
 * recorded from live calls.
 */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';

export interface Wire {
  type: string;
  status?: number;
  contentType: string;
  body: Buffer;
}

export const sse = (...events: unknown[]) =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));

const codec = new EventStreamCodec(toUtf8, fromUtf8);
export const binary = (...events: [name: string, payload: unknown][]) =>
  Buffer.concat(
    events.map(([name, payload]) =>
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: 'event' },
          ':event-type': { type: 'string', value: name },
        },
        body: Buffer.from(JSON.stringify(payload)),
      }),
    ),
  );

/** https://ai.google.dev/api/generate-content */
const GEMINI_USAGE = {
  promptTokenCount: 20,
  candidatesTokenCount: 6,
  thoughtsTokenCount: 4,
  totalTokenCount: 30,
};
const geminiPart = (part: unknown, more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [part] }, ...more }],
  usageMetadata: GEMINI_USAGE,
});
const GEMINI_CALL = { functionCall: { name: 'weather', args: { city: 'Bern' } } };

/** https://docs.cohere.com/reference/chat-stream */
const COHERE_USAGE = {
  billed_units: { input_tokens: 20, output_tokens: 10 },
  tokens: { input_tokens: 20, output_tokens: 10 },
};

/** Text, then one tool call. */
export const STREAMS: Wire[] = [
  ...['google', 'vertex'].map((type) => ({
    type,
    contentType: 'text/event-stream',
    body: sse(
      geminiPart({ text: 'Thinking.', thought: true }),
      geminiPart({ text: 'Hello ' }),
      geminiPart({ text: 'wörld' }),
      geminiPart(GEMINI_CALL, { finishReason: 'STOP' }),
    ),
  })),
  {
    type: 'cohere',
    contentType: 'text/event-stream',
    body: sse(
      { type: 'message-start', id: 'm1' },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hello ' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'wörld' } } } },
      { type: 'content-end', index: 0 },
      {
        type: 'tool-call-start',
        delta: {
          message: {
            tool_calls: { id: 't1', type: 'function', function: { name: 'weather', arguments: '' } },
          },
        },
      },
      {
        type: 'tool-call-delta',
        delta: { message: { tool_calls: { function: { arguments: '{"city":"Bern"}' } } } },
      },
      { type: 'tool-call-end' },
      { type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage: COHERE_USAGE } },
    ),
  },
  {
    /** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
    type: 'bedrock',
    contentType: 'application/vnd.amazon.eventstream',
    body: binary(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hello ' } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'wörld' } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      [
        'contentBlockStart',
        { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't1', name: 'weather' } } },
      ],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"city":' } } }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '"Bern"}' } } }],
      ['contentBlockStop', { contentBlockIndex: 1 }],
      ['messageStop', { stopReason: 'tool_use' }],
      [
        'metadata',
        { usage: { inputTokens: 20, outputTokens: 10, totalTokens: 30 }, metrics: { latencyMs: 1 } },
      ],
    ),
  },
];

/** Text. */
export const PLAIN: Wire[] = [
  ...['google', 'vertex'].map((type) => ({
    type,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(geminiPart({ text: 'Hello' }, { finishReason: 'STOP' }))),
  })),
  {
    type: 'cohere',
    contentType: 'application/json',
    body: Buffer.from(
      JSON.stringify({
        generation_id: 'g',
        message: { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
        finish_reason: 'COMPLETE',
        usage: COHERE_USAGE,
      }),
    ),
  },
  {
    type: 'bedrock',
    contentType: 'application/json',
    body: Buffer.from(
      JSON.stringify({
        output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 20, outputTokens: 10, totalTokens: 30 },
        metrics: { latencyMs: 1 },
      }),
    ),
  },
];
