/** A stand-in vendor of Cohere's chat and embeddings, version 2 (https://docs.cohere.com/reference/chat, from memory 2026-11-25). */
import type { ServerResponse } from 'node:http';
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE, VECTOR } from './script.ts';

type Body = Record<string, unknown>;

interface Message {
  role: string;
  content?: string | { text?: string }[];
}

const COUNTS = { input_tokens: SCRIPT_USAGE.input, output_tokens: SCRIPT_USAGE.output };
const USAGE = { billed_units: COUNTS, tokens: COUNTS };
/** It has no word for a refusal. */
const FINISHES = {
  stop: 'COMPLETE',
  tool_calls: 'TOOL_CALL',
  length: 'MAX_TOKENS',
  refusal: 'COMPLETE',
} as const;

function readCohere(body: Body): Asked {
  const messages = body.messages as Message[];
  const tools = (body.tools ?? []) as { function: { name: string; parameters?: JsonSchema } }[];
  const format = body.response_format as { json_schema?: JsonSchema } | undefined;
  return {
    question: textOf(messages.findLast(({ role }) => role === 'user')?.content),
    tools: tools.map((tool) => ({ name: tool.function.name, schema: tool.function.parameters ?? {} })),
    mustCall: body.tool_choice === 'REQUIRED' ? true : null,
    results: messages
      .slice(messages.findLastIndex(({ role }) => role !== 'tool') + 1)
      .map(({ content }) => textOf(content)),
    schema: format ? (format.json_schema ?? true) : null,
    reasons: (body.thinking as { type?: string } | undefined)?.type === 'enabled',
    choices: 1,
  };
}

function textOf(content: Message['content']): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('');
}

export function answerCohere(call: UpstreamCall, response: ServerResponse): void {
  const isStream = call.body.stream === true;
  response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
  if (call.path.endsWith('/embed')) {
    const float = (call.body.texts as unknown[]).map(() => VECTOR);
    response.end(JSON.stringify({ embeddings: { float }, meta: { billed_units: { input_tokens: 8 } } }));
    return;
  }
  const said = answer(readCohere(call.body));
  response.end(isStream ? eventsOf(said) : JSON.stringify(answerOf(said)));
}

function answerOf(said: Said): Body {
  const text = said.refusal ?? said.text;
  const content = [
    ...(said.thought === null ? [] : [{ type: 'thinking', thinking: said.thought }]),
    ...(text === '' ? [] : [{ type: 'text', text }]),
  ];
  const calls = said.calls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: given },
  }));
  const message = {
    role: 'assistant',
    ...(content.length > 0 && { content }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return { generation_id: 'g_1', message, finish_reason: FINISHES[said.finish], usage: USAGE };
}

function eventsOf(said: Said): string {
  const block = (index: number, type: 'text' | 'thinking', text: string): Body[] =>
    text === ''
      ? []
      : [
          { type: 'content-start', index, delta: { message: { content: { type, [type]: '' } } } },
          ...pieces(text).map((piece) => ({
            type: 'content-delta',
            index,
            delta: { message: { content: { [type]: piece } } },
          })),
          { type: 'content-end', index },
        ];
  const calls = said.calls.flatMap(({ id, name, arguments: given }) => [
    toolEvent('tool-call-start', { id, type: 'function', function: { name, arguments: '' } }),
    ...pieces(given).map((piece) => toolEvent('tool-call-delta', { function: { arguments: piece } })),
    { type: 'tool-call-end' },
  ]);
  return [
    { type: 'message-start', id: 'm_1' },
    ...block(0, 'thinking', said.thought ?? ''),
    ...block(1, 'text', said.refusal ?? said.text),
    ...calls,
    { type: 'message-end', delta: { finish_reason: FINISHES[said.finish], usage: USAGE } },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');
}

function toolEvent(type: string, toolCalls: Body): Body & { type: string } {
  return { type, delta: { message: { tool_calls: toolCalls } } };
}
