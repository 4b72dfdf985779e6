/** A stand-in vendor of the Responses protocol (https://platform.openai.com/docs/api-reference/responses, read 2026-11-23). */
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE } from './script.ts';

type Body = Record<string, unknown>;

interface Item {
  type?: string;
  role?: string;
  content?: string | { type: string; text?: string }[];
  output?: unknown;
}

export function readResponses(body: Body): Asked {
  const input: Item[] =
    typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : (body.input as Item[]);
  const lastUser = input.findLast(({ role }) => role === 'user');
  const after = input.slice(input.findLastIndex(({ type }) => type !== 'function_call_output') + 1);
  const tools = (body.tools ?? []) as { name: string; parameters?: JsonSchema }[];
  const choice = body.tool_choice as string | { name?: string } | undefined;
  const format = (body.text as { format?: { type: string; schema?: JsonSchema } } | undefined)?.format;
  return {
    question: textOf(lastUser?.content),
    tools: choice === 'none' ? [] : tools.map(({ name, parameters }) => ({ name, schema: parameters ?? {} })),
    mustCall: choice === 'required' ? true : typeof choice === 'object' ? (choice.name ?? true) : null,
    results: after.map(({ output }) => String(output)),
    schema: format?.schema ?? (format?.type === 'json_object' ? true : null),
    reasons: body.reasoning !== undefined && body.reasoning !== null,
    choices: 1,
  };
}

function textOf(content: Item['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text ?? '').join('');
}

export function answerResponses(call: UpstreamCall): string {
  const { body } = call;
  const said = answer(readResponses(body));
  return body.stream === true ? eventsOf(body, said) : JSON.stringify(responseOf(body, said, true));
}

function itemsOf(said: Said): Body[] {
  const part =
    said.refusal === null
      ? { type: 'output_text', text: said.text, annotations: [], logprobs: [] }
      : { type: 'refusal', refusal: said.refusal };
  const message = { id: 'msg_s', type: 'message', role: 'assistant', status: 'completed', content: [part] };
  return [
    ...(said.thought === null
      ? []
      : [{ id: 'rs_s', type: 'reasoning', summary: [{ type: 'summary_text', text: said.thought }] }]),
    ...(said.text || said.refusal ? [message] : []),
    ...said.calls.map(({ id, name, arguments: given }) => ({
      id: `fc_${id}`,
      type: 'function_call',
      status: 'completed',
      call_id: id,
      name,
      arguments: given,
    })),
  ];
}

function responseOf(body: Body, said: Said, isOver: boolean): Body {
  const isCut = said.finish === 'length';
  return {
    id: 'resp_script',
    object: 'response',
    created_at: 1_790_000_000,
    status: isOver ? (isCut ? 'incomplete' : 'completed') : 'in_progress',
    background: false,
    error: null,
    incomplete_details: isOver && isCut ? { reason: 'max_output_tokens' } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model: body.model,
    output: isOver ? itemsOf(said) : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: isOver
      ? {
          input_tokens: SCRIPT_USAGE.input,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: SCRIPT_USAGE.output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: SCRIPT_USAGE.input + SCRIPT_USAGE.output,
        }
      : null,
  };
}

function eventsOf(body: Body, said: Said): string {
  const events: Body[] = [
    { type: 'response.created', response: responseOf(body, said, false) },
    { type: 'response.in_progress', response: responseOf(body, said, false) },
    ...itemsOf(said).flatMap((item, index) => itemEvents(item, index)),
    {
      type: said.finish === 'length' ? 'response.incomplete' : 'response.completed',
      response: responseOf(body, said, true),
    },
  ];
  return events
    .map((event, sequence_number) => {
      const data = JSON.stringify({ ...event, sequence_number });
      return `event: ${String(event.type)}\ndata: ${data}\n\n`;
    })
    .join('');
}

function itemEvents(item: Body, output_index: number): Body[] {
  const place = { item_id: item.id, output_index };
  const added = { type: 'response.output_item.added', output_index };
  const done = { type: 'response.output_item.done', output_index, item };
  if (item.type === 'function_call') {
    const given = String(item.arguments);
    return [
      { ...added, item: { ...item, status: 'in_progress', arguments: '' } },
      ...pieces(given).map((delta) => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
      { type: 'response.function_call_arguments.done', ...place, name: item.name, arguments: given },
      done,
    ];
  }
  if (item.type === 'reasoning') {
    const [part] = item.summary as { text: string }[];
    const at = { ...place, summary_index: 0 };
    return [
      { ...added, item: { ...item, summary: [] } },
      { type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } },
      ...pieces(part?.text ?? '').map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        ...at,
        delta,
      })),
      { type: 'response.reasoning_summary_text.done', ...at, text: part?.text },
      { type: 'response.reasoning_summary_part.done', ...at, part },
      done,
    ];
  }
  const [part] = item.content as Body[];
  const at = { ...place, content_index: 0 };
  const isText = part?.type === 'output_text';
  const text = String(isText ? part.text : part?.refusal);
  const kind = isText ? 'output_text' : 'refusal';
  const logprobs = isText ? { logprobs: [] } : {};
  return [
    { ...added, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...at, part: { ...part, [isText ? 'text' : 'refusal']: '' } },
    ...pieces(text).map((delta) => ({ type: `response.${kind}.delta`, ...at, delta, ...logprobs })),
    { type: `response.${kind}.done`, ...at, [isText ? 'text' : 'refusal']: text, ...logprobs },
    { type: 'response.content_part.done', ...at, part },
    done,
  ];
}
