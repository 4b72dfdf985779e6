/** The response object: what was made, and the request's parameters as the API repeats them. */
import type { Usage } from '../../core/usage.ts';
import { asObject, type JsonObject } from '../../providers/json.ts';
import type { AppRequest } from '../../providers/provider.ts';
import type { ResponseIds } from './items.ts';
import { echoTools } from './tools.ts';

/** What all readings of one exchange share. */
export interface ResponseFrame {
  request: AppRequest;
  ids: ResponseIds;
  /** Seconds since 1970. */
  createdAt: number;
}

/** How far a response is. */
export interface Progress {
  status: 'in_progress' | 'completed' | 'incomplete';
  model: string;
  /** As the vendor says it served, else as the app asked. */
  serviceTier: unknown;
  /** Chat's finish reason. */
  finishReason: string | null;
  output: readonly JsonObject[];
  /** `null`: not known yet. */
  usage: Usage | null;
}

/** The object at this point. Parameters the app left out have the API's defaults; sampling ones are the vendor's own, so `null`. */
export function toResponse({ request, ids, createdAt }: ResponseFrame, progress: Progress): JsonObject {
  const { body } = request;
  const reason = incompleteReason(progress.finishReason);
  const isOver = progress.status !== 'in_progress';
  return {
    id: ids.response,
    object: 'response',
    created_at: createdAt,
    status: progress.status,
    background: false,
    completed_at: progress.status === 'completed' ? createdAt : null,
    error: null,
    incomplete_details: isOver && reason !== null ? { reason } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: body.metadata ?? {},
    model: progress.model,
    output: progress.output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: toReasoning(body.reasoning),
    safety_identifier: body.safety_identifier ?? null,
    service_tier: progress.serviceTier ?? body.service_tier ?? 'auto',
    store: body.store ?? true,
    temperature: body.temperature ?? null,
    text: toText(body.text),
    tool_choice: body.tool_choice ?? 'auto',
    tools: echoTools(body.tools),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? null,
    truncation: body.truncation ?? 'disabled',
    usage: progress.usage && toUsage(progress.usage),
    user: body.user ?? null,
  };
}

/** `null`: the answer is whole. */
export function incompleteReason(finishReason: string | null): 'max_output_tokens' | 'content_filter' | null {
  if (finishReason === 'length') return 'max_output_tokens';
  return finishReason === 'content_filter' ? 'content_filter' : null;
}

function toUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function toReasoning(value: unknown): JsonObject {
  const reasoning = asObject(value) ?? {};
  return { effort: reasoning.effort ?? null, summary: reasoning.summary ?? null };
}

function toText(value: unknown): JsonObject {
  const text = asObject(value) ?? {};
  const verbosity = text.verbosity ?? undefined;
  return { format: text.format ?? { type: 'text' }, ...(verbosity === undefined ? {} : { verbosity }) };
}
