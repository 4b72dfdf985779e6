import type { AttemptRecord, CallRecord } from '../core/call-record.ts';
import type { Usage } from '../core/usage.ts';
import type { Row } from './bulk-table.ts';
import { CALLS, type CallsTable } from './schema.ts';
import type { CallDetail, CallSummary } from './store.ts';

/** Between the record and its row. What a column cannot hold is mended here, so that no record can block the rest. */

/** The row of a record, in the order of {@link CALLS}' columns. */
export function toCallRow(call: CallRecord): Row {
  const { usage } = call;
  return [
    integer(call.startedAt),
    finite(call.durationMs) ?? 0,
    finite(call.ttftMs),
    integerOrNull(call.costNanoUsd),
    integerOrNull(usage.inputTokens),
    integerOrNull(usage.outputTokens),
    integerOrNull(usage.cacheReadTokens),
    integerOrNull(usage.cacheWriteTokens),
    integerOrNull(usage.reasoningTokens),
    small(call.requestBytes),
    small(call.responseBytes),
    small(call.status),
    call.attempts.length,
    Number(call.streamed),
    Number(call.sandbox),
    Number(call.unpriced),
    usage.estimated === undefined ? null : Number(usage.estimated),
    text(call.id),
    text(call.revision),
    text(call.protocol),
    text(call.task),
    textOrNull(call.requestedModel),
    text(call.keyId),
    textOrNull(call.user),
    text(call.dataClass),
    text(call.outcome),
    textOrNull(call.errorCode),
    textOrNull(call.errorMessage),
    textOrNull(call.deployment),
    textOrNull(call.provider),
    textOrNull(call.model),
    textOrNull(call.finishReason),
    textOrNull(call.operation),
    isEmpty(call.tags) ? null : json(call.tags),
    call.attempts.length > 0 ? json(call.attempts.map((one) => packAttempt(one, call))) : null,
    call.skipped.length > 0 ? json(call.skipped) : null,
    call.stages.length > 0 ? json(call.stages) : null,
  ];
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

const MAX_INT4 = 2_147_483_647;
const CALL_COLUMNS = Object.keys(CALLS.columns) as (keyof CallsTable)[];

/** The record of a row, less its feedback. */
export function fromCallRow(
  row: CallsTable,
  payload: { request: string; response: string } | undefined,
): Omit<CallDetail, 'feedback'> {
  const { attemptCount: _, ...base } = baseOf(row);
  return {
    ...base,
    tags: (parse(row.tags) ?? {}) as Record<string, string>,
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    attempts: ((parse(row.attempts) ?? []) as PackedAttempt[]).map((one) => unpackAttempt(one, base)),
    skipped: (parse(row.skipped) ?? []) as CallRecord['skipped'],
    stages: (parse(row.stages) ?? []) as CallRecord['stages'],
    ...(payload ? { payload: { request: payload.request, response: payload.response } } : {}),
  };
}

export type SummaryRow = Omit<
  CallsTable,
  'tags' | 'attempts' | 'skipped' | 'stages' | 'request_bytes' | 'response_bytes'
>;

export const SUMMARY_COLUMNS = CALL_COLUMNS.filter(
  (column) => !['tags', 'attempts', 'skipped', 'stages', 'request_bytes', 'response_bytes'].includes(column),
) as (keyof SummaryRow)[];

export function toSummary(row: SummaryRow, feedbackScore: number | null): CallSummary {
  return { ...baseOf(row), feedbackScore };
}

function baseOf(row: SummaryRow): Omit<CallSummary, 'feedbackScore'> {
  return {
    id: row.id,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    ttftMs: row.ttft_ms,
    revision: row.revision,
    protocol: row.protocol as CallRecord['protocol'],
    ...(row.operation !== null && { operation: row.operation }),
    streamed: row.streamed === 1,
    task: row.task,
    requestedModel: row.requested_model,
    keyId: row.key_id,
    user: row.user_id,
    dataClass: row.data_class as CallRecord['dataClass'],
    outcome: row.outcome as CallRecord['outcome'],
    status: row.status,
    errorCode: row.error_code as CallRecord['errorCode'],
    errorMessage: row.error_message,
    deployment: row.deployment,
    provider: row.provider,
    model: row.model,
    sandbox: row.sandbox === 1,
    finishReason: row.finish_reason,
    usage: usageOf(row),
    costNanoUsd: row.cost_nano_usd,
    unpriced: row.unpriced === 1,
    attemptCount: row.attempt_count,
  };
}

function usageOf(row: SummaryRow): Usage {
  const usage: Usage = {};
  if (row.input_tokens !== null) usage.inputTokens = row.input_tokens;
  if (row.output_tokens !== null) usage.outputTokens = row.output_tokens;
  if (row.cache_read_tokens !== null) usage.cacheReadTokens = row.cache_read_tokens;
  if (row.cache_write_tokens !== null) usage.cacheWriteTokens = row.cache_write_tokens;
  if (row.reasoning_tokens !== null) usage.reasoningTokens = row.reasoning_tokens;
  if (row.estimated !== null) usage.estimated = row.estimated === 1;
  return usage;
}

/**
 * An attempt less what its call already says: most calls have one attempt, whose deployment, usage and cost are the
 * call's own. Halves the bytes of a typical call.
 */
type PackedAttempt = Partial<AttemptRecord> & Pick<AttemptRecord, 'startMs' | 'endMs' | 'kind' | 'reason'>;

/** Left out when equal to the call's. */
const SHARED = [
  'deployment',
  'provider',
  'model',
  'outcome',
  'status',
  'errorCode',
  'errorMessage',
  'costNanoUsd',
] as const;
/** Left out when null. */
const OPTIONAL = ['region', 'headersMs', 'firstTokenMs', 'priceSource'] as const;

type CallBase = Pick<CallRecord, (typeof SHARED)[number] | 'usage'>;

/** Written out: in a loop over names this is a third of the cost of a row. */
function packAttempt(one: AttemptRecord, call: CallBase): PackedAttempt {
  const packed: PackedAttempt = {
    kind: one.kind,
    reason: one.reason,
    startMs: one.startMs,
    endMs: one.endMs,
  };
  if (one.deployment !== call.deployment) packed.deployment = one.deployment;
  if (one.provider !== call.provider) packed.provider = one.provider;
  if (one.model !== call.model) packed.model = one.model;
  if (one.outcome !== call.outcome) packed.outcome = one.outcome;
  if (one.status !== call.status) packed.status = one.status;
  if (one.errorCode !== call.errorCode) packed.errorCode = one.errorCode;
  if (one.errorMessage !== call.errorMessage) packed.errorMessage = one.errorMessage;
  if (one.costNanoUsd !== call.costNanoUsd) packed.costNanoUsd = one.costNanoUsd;
  if (one.region !== null) packed.region = one.region;
  if (one.headersMs !== null) packed.headersMs = one.headersMs;
  if (one.firstTokenMs !== null) packed.firstTokenMs = one.firstTokenMs;
  if (one.priceSource !== null) packed.priceSource = one.priceSource;
  if (one.dropped) packed.dropped = one.dropped;
  if (!sameUsage(one.usage, call.usage)) packed.usage = one.usage;
  return packed;
}

function unpackAttempt(packed: PackedAttempt, call: CallBase): AttemptRecord {
  const shared = Object.fromEntries(SHARED.map((name) => [name, call[name]]));
  const optional = Object.fromEntries(OPTIONAL.map((name) => [name, null]));
  return { ...shared, ...optional, usage: { ...call.usage }, ...packed } as AttemptRecord;
}

function sameUsage(a: Usage, b: Usage): boolean {
  return (
    a.inputTokens === b.inputTokens &&
    a.outputTokens === b.outputTokens &&
    a.cacheReadTokens === b.cacheReadTokens &&
    a.cacheWriteTokens === b.cacheWriteTokens &&
    a.reasoningTokens === b.reasoningTokens &&
    a.estimated === b.estimated
  );
}

/**
 * Text every engine can hold: no NUL, which PostgreSQL refuses, and no half of a surrogate pair. One such character
 * in a client's user name would otherwise hold up the whole batch for ever.
 */
export function text(value: string): string {
  if (value.isWellFormed() && !value.includes('\0')) return value;
  return value.toWellFormed().replaceAll('\0', '\ufffd');
}

export function textOrNull(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}

function json(value: unknown): string {
  const plain = JSON.stringify(value);
  // JSON.stringify writes NUL and lone surrogates as escapes; both start with one of these.
  if (!plain.includes('\\u0000') && !plain.includes('\\ud')) return plain;
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'string') return text(part);
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [text(name), inner]));
  });
}

function parse(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function integer(value: number): number {
  return integerOrNull(value) ?? 0;
}

/** What a four-byte column holds; a body of 2 GB is as large as any. */
function small(value: number): number {
  return Math.max(-MAX_INT4, Math.min(MAX_INT4, integer(value)));
}

function integerOrNull(value: number | null | undefined): number | null {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? whole : Math.sign(whole) * Number.MAX_SAFE_INTEGER;
}
