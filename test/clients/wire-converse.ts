/**
 * A stand-in vendor of Bedrock's Converse, with its binary streams, and of Cohere's embeddings there
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, from memory 2026-11-25).
 */
import type { ServerResponse } from 'node:http';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE, VECTOR } from './script.ts';

type Body = Record<string, unknown>;

interface Block {
  text?: string;
  toolResult?: { content: { text?: string; json?: unknown }[] };
}

const USAGE = {
  inputTokens: SCRIPT_USAGE.input,
  outputTokens: SCRIPT_USAGE.output,
  totalTokens: SCRIPT_USAGE.input + SCRIPT_USAGE.output,
};
const STOPS = {
  stop: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  refusal: 'content_filtered',
} as const;

function readConverse(body: Body): Asked {
  const messages = body.messages as { role: string; content: Block[] }[];
  const users = messages.filter(({ role }) => role === 'user');
  const spoken = users.findLast(({ content }) => content.some(({ text }) => text !== undefined));
  const { tools = [], toolChoice } = (body.toolConfig ?? {}) as {
    tools?: { toolSpec?: { name: string; inputSchema: { json: JsonSchema } } }[];
    toolChoice?: { any?: object; tool?: { name: string } };
  };
  const fields = (body.additionalModelRequestFields ?? {}) as {
    thinking?: object;
    output_config?: { format?: { schema: JsonSchema } };
  };
  return {
    question: (spoken?.content ?? []).map(({ text }) => text ?? '').join(''),
    tools: tools.flatMap(({ toolSpec }) =>
      toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
    ),
    mustCall: toolChoice?.any ? true : (toolChoice?.tool?.name ?? null),
    results: (messages.at(-1)?.content ?? []).flatMap(({ toolResult }) =>
      toolResult ? [toolResult.content.map(({ text }) => text ?? '').join('')] : [],
    ),
    schema: fields.output_config?.format?.schema ?? null,
    reasons: fields.thinking !== undefined,
    choices: 1,
  };
}

export function answerConverse(call: UpstreamCall, response: ServerResponse): void {
  if (call.path.endsWith('/invoke')) {
    const texts = call.body.texts as unknown[];
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-amzn-bedrock-input-token-count': '8',
    });
    response.end(JSON.stringify({ embeddings: { float: texts.map(() => VECTOR) } }));
    return;
  }
  const said = answer(readConverse(call.body));
  const isStream = call.path.endsWith('/converse-stream');
  response.writeHead(200, {
    'content-type': isStream ? 'application/vnd.amazon.eventstream' : 'application/json',
  });
  response.end(isStream ? eventsOf(said) : JSON.stringify(messageOf(said)));
}

function messageOf(said: Said): Body {
  const text = said.refusal ?? said.text;
  const content = [
    ...(said.thought === null
      ? []
      : [{ reasoningContent: { reasoningText: { text: said.thought, signature: 'sig_1' } } }]),
    ...(text === '' ? [] : [{ text }]),
    ...said.calls.map(({ id, name, arguments: given }) => ({
      toolUse: { toolUseId: id, name, input: JSON.parse(given) },
    })),
  ];
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: STOPS[said.finish],
    usage: USAGE,
    metrics: { latencyMs: 1 },
  };
}

const codec = new EventStreamCodec(toUtf8, fromUtf8);

function frame(name: string, payload: Body): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: name },
    },
    body: Buffer.from(JSON.stringify(payload)),
  });
}

function eventsOf(said: Said): Buffer {
  const blocks: { start?: Body; deltas: Body[] }[] = [
    {
      deltas: [
        ...pieces(said.thought ?? '').map((text) => ({ reasoningContent: { text } })),
        ...(said.thought === null ? [] : [{ reasoningContent: { signature: 'sig_1' } }]),
      ],
    },
    { deltas: pieces(said.refusal ?? said.text).map((text) => ({ text })) },
    ...said.calls.map(({ id, name, arguments: given }) => ({
      start: { toolUse: { toolUseId: id, name } },
      deltas: pieces(given).map((input) => ({ toolUse: { input } })),
    })),
  ].filter(({ deltas }) => deltas.length > 0);
  const frames = blocks.flatMap(({ start, deltas }, contentBlockIndex) => [
    ...(start ? [frame('contentBlockStart', { contentBlockIndex, start })] : []),
    ...deltas.map((delta) => frame('contentBlockDelta', { contentBlockIndex, delta })),
    frame('contentBlockStop', { contentBlockIndex }),
  ]);
  return Buffer.concat([
    frame('messageStart', { role: 'assistant' }),
    ...frames,
    frame('messageStop', { stopReason: STOPS[said.finish] }),
    frame('metadata', { usage: USAGE, metrics: { latencyMs: 1 } }),
  ]);
}
