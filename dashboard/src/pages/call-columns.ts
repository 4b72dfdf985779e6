import type { CallSummary } from '../../../src/store/store.ts';
import type { Column } from '../parts/data-table.tsx';

/** The export of the calls list: one line per call, figures as they were recorded. */
export const callColumns: Column<CallSummary>[] = (
  [
    ['id', (call) => call.id],
    ['started_at', (call) => new Date(call.startedAt).toISOString()],
    ['task', (call) => call.task],
    ['user', (call) => call.user],
    ['deployment', (call) => call.deployment],
    ['model', (call) => call.model],
    ['key', (call) => call.keyId],
    ['outcome', (call) => call.outcome],
    ['status', (call) => call.status],
    ['error_code', (call) => call.errorCode],
    ['duration_ms', (call) => call.durationMs],
    ['ttft_ms', (call) => call.ttftMs],
    ['input_tokens', (call) => call.usage.inputTokens],
    ['cache_read_tokens', (call) => call.usage.cacheReadTokens],
    ['cache_write_tokens', (call) => call.usage.cacheWriteTokens],
    ['output_tokens', (call) => call.usage.outputTokens],
    ['reasoning_tokens', (call) => call.usage.reasoningTokens],
    ['estimated', (call) => call.usage.estimated === true],
    ['cost_usd', (call) => (call.costNanoUsd === null ? null : call.costNanoUsd / 1e9)],
    ['unpriced', (call) => call.unpriced],
    ['attempts', (call) => call.attemptCount],
    ['feedback', (call) => call.feedbackScore],
    ['sandbox', (call) => call.sandbox],
    ['revision', (call) => call.revision],
  ] as const satisfies [string, Column<CallSummary>['value']][]
).map(([key, value]) => ({ key, head: key, value, cell: () => null }));
