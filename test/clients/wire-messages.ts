/** A stand-in vendor of the messages protocol (https://platform.claude.com/docs/en/api/messages, read 2026-11-23). */
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE } from './script.ts';

type Body = Record<string, unknown>;

interface Block {
  type: string;
  text?: string;
  content?: string | Block[];
}

const USAGE = {
  input_tokens: SCRIPT_USAGE.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  service_tier: 'standard',
  cache_creation: null,
  inference_geo: null,
  output_tokens_details: null,
  server_tool_use: null,
  speed: null,
};
const DELTA_USAGE = {
  input_tokens: SCRIPT_USAGE.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: SCRIPT_USAGE.output,
  output_tokens_details: null,
  server_tool_use: null,
};
/** What an answer has no value for. */
const NONE = { stop_sequence: null, stop_details: null, container: null, diagnostics: null };
const STOPS = { stop: 'end_turn', tool_calls: 'tool_use', length: 'max_tokens', refusal: 'refusal' } as const;

export function readMessages(body: Body): Asked {
  const messages = body.messages as { role: string; content: string | Block[] }[];
  const users = messages.filter(({ role }) => role === 'user').map(({ content }) => blocksOf(content));
  const last = users.at(-1) ?? [];
  const results = last.filter(({ type }) => type === 'tool_result');
  const tools = (body.tools ?? []) as { name: string; input_schema: JsonSchema }[];
  const choice = body.tool_choice as { type: string; name?: string } | undefined;
  const config = body.output_config as { format?: { schema: JsonSchema }; effort?: string } | undefined;
  const format = config?.format ?? (body.output_format as { schema: JsonSchema } | undefined);
  const thinking = body.thinking as { type: string } | undefined;
  return {
    question: textOf(users.findLast((blocks) => textOf(blocks) !== '') ?? []),
    tools:
      choice?.type === 'none'
        ? []
        : tools.map(({ name, input_schema: schema }) => ({ name, schema: schema ?? {} })),
    mustCall: choice?.type === 'any' ? true : (choice?.name ?? null),
    results: results.map(({ content }) => textOf(blocksOf(content ?? ''))),
    schema: format?.schema ?? null,
    reasons: thinking?.type === 'enabled' || thinking?.type === 'adaptive' || config?.effort !== undefined,
    choices: 1,
  };
}

function blocksOf(content: string | Block[]): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function textOf(blocks: Block[]): string {
  return blocks.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join('');
}

export function answerMessages(call: UpstreamCall): string {
  const { body } = call;
  if (call.path.includes('/count_tokens')) return JSON.stringify({ input_tokens: SCRIPT_USAGE.input });
  const said = answer(readMessages(body));
  return body.stream === true ? eventsOf(body, said) : JSON.stringify(messageOf(body, said));
}

function contentOf(said: Said): Body[] {
  return [
    ...(said.thought === null ? [] : [{ type: 'thinking', thinking: said.thought, signature: 'sig_1' }]),
    ...((said.refusal ?? said.text) ? [{ type: 'text', text: said.refusal ?? said.text }] : []),
    ...said.calls.map(({ id, name, arguments: given }) => ({
      type: 'tool_use',
      id,
      name,
      input: JSON.parse(given),
      caller: { type: 'direct' },
    })),
  ];
}

function messageOf(body: Body, said: Said): object {
  return {
    id: 'msg_script',
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: contentOf(said),
    stop_reason: STOPS[said.finish],
    ...NONE,
    usage: { ...USAGE, output_tokens: SCRIPT_USAGE.output },
  };
}

function eventsOf(body: Body, said: Said): string {
  const event = (data: { type: string } & Body): string =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const start = messageOf(body, said) as Body;
  const blocks = contentOf(said).map((block, index) => {
    const { empty, deltas } = deltasOf(block, said);
    return [
      event({ type: 'content_block_start', index, content_block: empty }),
      ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
      event({ type: 'content_block_stop', index }),
    ].join('');
  });
  return [
    event({
      type: 'message_start',
      message: { ...start, content: [], stop_reason: null, usage: { ...USAGE, output_tokens: 1 } },
    }),
    event({ type: 'ping' }),
    ...blocks,
    event({
      type: 'message_delta',
      delta: { stop_reason: STOPS[said.finish], stop_sequence: null, stop_details: null, container: null },
      usage: DELTA_USAGE,
    }),
    event({ type: 'message_stop' }),
  ].join('');
}

function deltasOf(block: Body, said: Said): { empty: Body; deltas: Body[] } {
  if (block.type === 'thinking')
    return {
      empty: { ...block, thinking: '', signature: '' },
      deltas: [
        ...pieces(String(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block.signature },
      ],
    };
  if (block.type === 'text')
    return {
      empty: { ...block, text: '' },
      deltas: pieces(String(block.text)).map((text) => ({ type: 'text_delta', text })),
    };
  const given = said.calls.find(({ id }) => id === block.id)?.arguments ?? '{}';
  return {
    empty: { ...block, input: {} },
    deltas: pieces(given).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  };
}
