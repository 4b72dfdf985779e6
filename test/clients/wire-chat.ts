/** A stand-in vendor of the chat protocol (https://platform.openai.com/docs/api-reference/chat, read 2026-11-23), with embeddings. */
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE, VECTOR } from './script.ts';

type Body = Record<string, unknown>;

interface Message {
  role: string;
  content?: string | { type: string; text?: string }[] | null;
}

const USAGE = {
  prompt_tokens: SCRIPT_USAGE.input,
  completion_tokens: SCRIPT_USAGE.output,
  total_tokens: SCRIPT_USAGE.input + SCRIPT_USAGE.output,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const FRAME = {
  id: 'chatcmpl-script',
  created: 1_790_000_000,
  service_tier: 'default',
  system_fingerprint: 'fp_1',
};

export function readChat(body: Body): Asked {
  const messages = body.messages as Message[];
  const lastUser = messages.findLast(({ role }) => role === 'user');
  const results = messages.slice(messages.findLastIndex(({ role }) => role !== 'tool') + 1);
  const tools = (body.tools ?? []) as { function: { name: string; parameters?: JsonSchema } }[];
  const choice = body.tool_choice as string | { function?: { name: string } } | undefined;
  const format = body.response_format as { type: string; json_schema?: { schema: JsonSchema } } | undefined;
  return {
    question: textOf(lastUser?.content),
    tools:
      choice === 'none'
        ? []
        : tools.map((tool) => ({ name: tool.function.name, schema: tool.function.parameters ?? {} })),
    mustCall:
      choice === 'required' ? true : typeof choice === 'object' ? (choice.function?.name ?? true) : null,
    results: results.map(({ content }) => textOf(content)),
    schema: format?.json_schema?.schema ?? (format?.type === 'json_object' ? true : null),
    reasons: body.reasoning_effort !== undefined && body.reasoning_effort !== null,
    choices: (body.n as number | undefined) ?? 1,
  };
}

function textOf(content: Message['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text ?? '').join('');
}

/** The bytes of the answer, events when a stream was asked for. */
export function answerChat(call: UpstreamCall, { usageInLast = false } = {}): string {
  const { body } = call;
  if (call.path.includes('/embeddings')) return JSON.stringify(embeddingsOf(body));
  const asked = readChat(body);
  const said = answer(asked);
  return body.stream === true
    ? eventsOf(body, said, usageInLast)
    : JSON.stringify(completionOf(body, said, asked.choices));
}

function finishOf({ finish }: Said): string {
  return finish === 'refusal' ? 'stop' : finish;
}

function logprobsOf(body: Body, said: Said): object | null {
  if (body.logprobs !== true) return null;
  const token = { token: said.text, logprob: -0.25, bytes: [...Buffer.from(said.text)] };
  return { content: [{ ...token, top_logprobs: [token] }], refusal: null };
}

function completionOf(body: Body, said: Said, choices: number): object {
  const calls = said.calls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: given },
  }));
  const message = {
    role: 'assistant',
    content: said.refusal === null && calls.length === 0 ? said.text : null,
    refusal: said.refusal,
    annotations: [],
    ...(said.thought === null ? {} : { reasoning_content: said.thought }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...FRAME,
    object: 'chat.completion',
    model: body.model,
    choices: Array.from({ length: choices }, (_, index) => ({
      index,
      message,
      logprobs: logprobsOf(body, said),
      finish_reason: finishOf(said),
    })),
    usage: USAGE,
  };
}

/** `usageInLast`: unasked, beside the finish reason, as some vendors of this protocol do. */
function eventsOf(body: Body, said: Said, usageInLast: boolean): string {
  const chunk = (members: object): string =>
    `data: ${JSON.stringify({ ...FRAME, object: 'chat.completion.chunk', model: body.model, ...members })}\n\n`;
  const choice = (delta: object, finish: string | null = null): string =>
    chunk({
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(finish !== null && usageInLast && { usage: USAGE }),
    });
  const calls = said.calls.flatMap(({ id, name, arguments: given }, index) => [
    { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
    ...pieces(given).map((part) => ({ tool_calls: [{ index, function: { arguments: part } }] })),
  ]);
  const deltas = [
    { role: 'assistant', content: '', refusal: null },
    ...pieces(said.thought ?? '').map((reasoning_content) => ({ reasoning_content })),
    ...pieces(said.refusal ?? '').map((refusal) => ({ refusal })),
    ...pieces(said.text).map((content) => ({ content })),
    ...calls,
  ];
  const asked = (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage;
  return (
    deltas.map((delta) => choice(delta)).join('') +
    choice({}, finishOf(said)) +
    (asked ? chunk({ choices: [], usage: USAGE }) : '') +
    'data: [DONE]\n\n'
  );
}

function embeddingsOf(body: Body): object {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  // Both forms the reference lists; the official client asks for base64.
  const embedding =
    body.encoding_format === 'base64'
      ? Buffer.from(new Float32Array(VECTOR).buffer).toString('base64')
      : VECTOR;
  return {
    object: 'list',
    model: body.model,
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 8, total_tokens: 8 },
  };
}
