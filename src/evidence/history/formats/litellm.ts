/**
 * LiteLLM's spend logs: rows of `LiteLLM_SpendLogs` as JSON (`GET /spend/logs`) or as CSV out of its database.
 * https://docs.litellm.ai/docs/proxy/cost_tracking and its schema.prisma, as known 2026-11-25.
 */
import { at, costOf, countOf, needTime, spanOf, textOf, timeOf } from '../field.ts';
import { emptyRow, type HistoryFormat } from '../format.ts';

export const liteLlm: HistoryFormat = {
  name: 'litellm',
  summary: 'LiteLLM spend logs: JSON of /spend/logs, or CSV of the table LiteLLM_SpendLogs',
  matches: (record) => 'request_id' in record && 'spend' in record && 'startTime' in record,
  read(record, { taskFrom }) {
    const begin = needTime(record, 'startTime');
    const end = timeOf(record, 'endTime');
    const firstToken = timeOf(record, 'completionStartTime');
    const failed = textOf(record, 'status') === 'failure';
    // A cached answer of the proxy itself reached no model.
    const isProxyHit = String(at(record, 'cache_hit')).toLowerCase() === 'true';
    const spend = costOf(record, 'spend');
    const input = countOf(record, 'prompt_tokens');
    const output = countOf(record, 'completion_tokens');
    // The proxy writes 0 where it has no price.
    const isUnpriced = spend === 0 && !isProxyHit && !failed && (input ?? 0) + (output ?? 0) > 0;
    return [
      {
        ...emptyRow(begin),
        naturalId: textOf(record, 'request_id'),
        task: taskFrom === null ? textOf(record, 'model_group') : textOf(record, taskFrom),
        provider: textOf(record, 'custom_llm_provider'),
        model: stripProvider(textOf(record, 'model')),
        user: textOf(record, 'end_user', 'user'),
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: countOf(record, 'metadata.usage_object.prompt_tokens_details.cached_tokens'),
        cacheWriteTokens: countOf(record, 'metadata.usage_object.cache_creation_input_tokens'),
        durationMs: spanOf(begin, end, 'the call'),
        // Where nothing streamed, the log repeats the end.
        ttftMs:
          firstToken === null || firstToken === end ? null : spanOf(begin, firstToken, 'the first token'),
        failed,
        error: failed
          ? textOf(record, 'metadata.error_information.error_class', 'metadata.error_information.error_code')
          : null,
        costNanoUsd: isUnpriced ? null : spend,
        costSource: isUnpriced || spend === null ? null : 'export',
      },
    ];
  },
};

/** `openai/gpt-4o` -> `gpt-4o`; names of hosts with more parts (`together_ai/meta-llama/...`) lose the first. */
function stripProvider(model: string | null): string | null {
  return model?.replace(/^[a-z_]+\//, '') ?? null;
}
