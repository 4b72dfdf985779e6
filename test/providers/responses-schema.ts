/**
 * The published shapes of the Responses API, as the official SDK's types have them, made checkable: the compiler sees to it
 * that every required member is listed with kinds the type allows, the test that what we write has them.
 */
import type {
  ResponseFunctionToolCall,
  Response as ResponseObject,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';

type Kind<Value> = Value extends string
  ? 'string'
  : Value extends number
    ? 'number'
    : Value extends boolean
      ? 'boolean'
      : Value extends null
        ? 'null'
        : Value extends readonly unknown[]
          ? 'array'
          : 'object';
type Required<Type> = {
  [Key in keyof Type]-?: Record<never, never> extends Pick<Type, Key> ? never : Key;
}[keyof Type];
type Shape<Type> = { readonly [Key in Required<Type>]: readonly Kind<Type[Key]>[] };

const RESPONSE: Shape<Omit<ResponseObject, 'output_text'>> = {
  id: ['string'],
  created_at: ['number'],
  error: ['null'],
  incomplete_details: ['null', 'object'],
  instructions: ['null', 'string'],
  metadata: ['object'],
  model: ['string'],
  object: ['string'],
  output: ['array'],
  parallel_tool_calls: ['boolean'],
  temperature: ['null', 'number'],
  tool_choice: ['string', 'object'],
  tools: ['array'],
  top_p: ['null', 'number'],
};
const USAGE: Shape<ResponseUsage> = {
  input_tokens: ['number'],
  input_tokens_details: ['object'],
  output_tokens: ['number'],
  output_tokens_details: ['object'],
  total_tokens: ['number'],
};
const MESSAGE: Shape<ResponseOutputMessage> = {
  id: ['string'],
  content: ['array'],
  role: ['string'],
  status: ['string'],
  type: ['string'],
};
const CALL: Shape<ResponseFunctionToolCall> & { id: readonly 'string'[] } = {
  id: ['string'],
  arguments: ['string'],
  call_id: ['string'],
  name: ['string'],
  type: ['string'],
};
const REASONING: Shape<ResponseReasoningItem> = { id: ['string'], summary: ['array'], type: ['string'] };

const NUMBERED = { type: ['string'], sequence_number: ['number'] } as const;
const IN_ITEM = { ...NUMBERED, item_id: ['string'], output_index: ['number'] } as const;
const IN_PART = { ...IN_ITEM, content_index: ['number'] } as const;
const ITEM = { ...NUMBERED, output_index: ['number'], item: ['object'] } as const;
const WHOLE = { ...NUMBERED, response: ['object'] } as const;

type Written =
  | `response.${'created' | 'in_progress' | 'completed' | 'incomplete'}`
  | `response.output_item.${'added' | 'done'}`
  | `response.content_part.${'added' | 'done'}`
  | `response.${'output_text' | 'refusal' | 'reasoning_text' | 'function_call_arguments'}.${'delta' | 'done'}`
  | 'response.output_text.annotation.added';

const EVENTS: { readonly [Type in Written]: Shape<Extract<ResponseStreamEvent, { type: Type }>> } = {
  'response.created': WHOLE,
  'response.in_progress': WHOLE,
  'response.completed': WHOLE,
  'response.incomplete': WHOLE,
  'response.output_item.added': ITEM,
  'response.output_item.done': ITEM,
  'response.content_part.added': { ...IN_PART, part: ['object'] },
  'response.content_part.done': { ...IN_PART, part: ['object'] },
  'response.output_text.delta': { ...IN_PART, delta: ['string'], logprobs: ['array'] },
  'response.output_text.done': { ...IN_PART, text: ['string'], logprobs: ['array'] },
  'response.output_text.annotation.added': {
    ...IN_PART,
    annotation: ['object'],
    annotation_index: ['number'],
  },
  'response.refusal.delta': { ...IN_PART, delta: ['string'] },
  'response.refusal.done': { ...IN_PART, refusal: ['string'] },
  'response.reasoning_text.delta': { ...IN_PART, delta: ['string'] },
  'response.reasoning_text.done': { ...IN_PART, text: ['string'] },
  'response.function_call_arguments.delta': { ...IN_ITEM, delta: ['string'] },
  'response.function_call_arguments.done': { ...IN_ITEM, name: ['string'], arguments: ['string'] },
};

const ITEMS = { message: MESSAGE, function_call: CALL, reasoning: REASONING } as const;

/** What is wrong with an event of a translated stream; empty when nothing is. */
export function faultsOfEvent(event: ResponseStreamEvent): string[] {
  const shape = (EVENTS as Record<string, AnyShape>)[event.type];
  if (!shape) return [`${event.type} is not an event we write`];
  const faults = faultsOf(event, shape, event.type);
  if ('item' in event) faults.push(...faultsOfItem(event.item));
  if ('response' in event) faults.push(...faultsOfResponse(event.response));
  return faults;
}

/** What is wrong with a response object. */
export function faultsOfResponse(response: object): string[] {
  const { output, usage } = response as ResponseObject;
  return [
    ...faultsOf(response, RESPONSE, 'response'),
    ...output.flatMap(faultsOfItem),
    ...(usage ? faultsOf(usage, USAGE, 'usage') : []),
  ];
}

function faultsOfItem(item: object): string[] {
  const type = (item as { type: string }).type;
  const shape = (ITEMS as Record<string, AnyShape>)[type];
  return shape ? faultsOf(item, shape, type) : [`${type} is not an item we write`];
}

type AnyShape = Readonly<Record<string, readonly string[]>>;

function faultsOf(value: object, shape: AnyShape, at: string): string[] {
  return Object.entries(shape).flatMap(([member, kinds]) => {
    const kind = kindOf((value as Record<string, unknown>)[member]);
    return kinds.includes(kind) ? [] : [`${at}.${member} is ${kind}`];
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
