/**
 * Answers of a vendor that speaks the Responses API, written after https://platform.openai.com/docs/api-reference/responses
 * and held to the official SDK's types, 2026-11-23.
 */
import type {
  Response as ResponseObject,
  ResponseOutputMessage,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';

export type Ending = 'completed' | 'incomplete' | 'failed' | 'error' | 'cut' | 'malformed';

const WORDS = ['Hello ', '"world"', ' äöü.'];
const text = WORDS.join('');
const part = { type: 'output_text', text, annotations: [], logprobs: [] } as const;

const message = {
  id: 'msg_vendor',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ ...part, annotations: [], logprobs: [] }],
} satisfies ResponseOutputMessage;

export function responseObject(status: 'in_progress' | 'completed' | 'incomplete' | 'failed'): object {
  const isOver = status !== 'in_progress';
  return {
    id: 'resp_vendor',
    object: 'response',
    created_at: 1_790_000_000,
    status,
    error: status === 'failed' ? { code: 'server_error', message: 'the vendor failed' } : null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    model: 'gpt-5-mini-2026-08-07',
    output: isOver && status !== 'failed' ? [message] : [],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    ...(isOver && {
      usage: {
        input_tokens: 1000,
        input_tokens_details: { cached_tokens: 100, cache_write_tokens: 0 },
        output_tokens: 200,
        output_tokens_details: { reasoning_tokens: 50 },
        total_tokens: 1200,
      },
    }),
  } satisfies Omit<ResponseObject, 'output_text'>;
}

type Unnumbered = ResponseStreamEvent extends infer Event
  ? Event extends { sequence_number: number }
    ? Omit<Event, 'sequence_number'>
    : never
  : never;

/** The bytes of a stream that ends as told. */
export function responseEvents(ending: Ending): string {
  const response = (status: Parameters<typeof responseObject>[0]) => responseObject(status) as ResponseObject;
  const place = { item_id: 'msg_vendor', output_index: 0, content_index: 0 };
  const started = { ...message, status: 'in_progress', content: [] } as const;
  const deltas: Unnumbered[] = WORDS.map((delta) => ({
    type: 'response.output_text.delta',
    ...place,
    delta,
    logprobs: [],
  }));
  const events: Unnumbered[] = [
    { type: 'response.created', response: response('in_progress') },
    { type: 'response.in_progress', response: response('in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: { ...started, content: [] } },
    {
      type: 'response.content_part.added',
      ...place,
      part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
    },
    ...deltas,
  ];
  const done: Unnumbered[] = [
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: { type: 'output_text', text, annotations: [] } },
    { type: 'response.output_item.done', output_index: 0, item: message },
  ];
  if (ending === 'completed')
    events.push(...done, { type: 'response.completed', response: response(ending) });
  if (ending === 'incomplete')
    events.push(...done, { type: 'response.incomplete', response: response(ending) });
  if (ending === 'failed') events.push({ type: 'response.failed', response: response(ending) });
  if (ending === 'error')
    events.push({ type: 'error', code: 'server_error', message: 'the vendor failed', param: null });
  const wire = events.map((event, sequence_number) => {
    const data = JSON.stringify({ ...event, sequence_number });
    return `event: ${event.type}\ndata: ${data}\n\n`;
  });
  return wire.join('') + (ending === 'malformed' ? 'data: {"type": "response.outp\n\n' : '');
}
