/**
 * OpenTelemetry spans with the GenAI attributes, as OTLP/JSON: what the collector's file exporter writes, one request a
 * line. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, as known 2026-11-25.
 */
import { costOf, countOf, needTime, spanOf, textOf, timeOf } from '../field.ts';
import { emptyRow, type FileRecord, type HistoryFormat, type ReadRow } from '../format.ts';

/** Status code of a span that failed (`STATUS_CODE_ERROR`). */
const FAILED = 2;
/** Operations that ask a model; `execute_tool`, `invoke_agent` and the like only contain such. */
const MODEL_OPERATIONS: ReadonlySet<string> = new Set([
  'chat',
  'text_completion',
  'generate_content',
  'embeddings',
]);

export const otlp: HistoryFormat = {
  name: 'otlp',
  summary: 'OpenTelemetry GenAI spans as OTLP/JSON (the file exporter of the collector)',
  matches: (record) => Array.isArray(record.resourceSpans),
  read(record, { taskFrom }) {
    return listOf(record.resourceSpans).flatMap((resource) => {
      const resourceAttributes = attributesOf((resource.resource ?? {}) as FileRecord);
      return listOf(resource.scopeSpans).flatMap((scope) =>
        listOf(scope.spans).flatMap((span) => {
          const attributes = { ...resourceAttributes, ...attributesOf(span) };
          return isModelCall(attributes) ? [readSpan(span, attributes, taskFrom)] : [];
        }),
      );
    });
  },
};

function isModelCall(attributes: FileRecord): boolean {
  const operation = textOf(attributes, 'gen_ai.operation.name');
  if (operation !== null) return MODEL_OPERATIONS.has(operation);
  return 'gen_ai.request.model' in attributes && 'gen_ai.usage.input_tokens' in attributes;
}

function readSpan(span: FileRecord, attributes: FileRecord, taskFrom: string | null): ReadRow {
  const begin = needTime(span, 'startTimeUnixNano');
  const status = (span.status ?? {}) as FileRecord;
  const failed = status.code === FAILED || status.code === 'STATUS_CODE_ERROR';
  const ttftSeconds = textOf(attributes, 'gen_ai.response.time_to_first_chunk');
  const cost = costOf(attributes, 'gen_ai.usage.cost', 'gen_ai.cost.total');
  return {
    ...emptyRow(begin),
    naturalId: [textOf(span, 'traceId'), textOf(span, 'spanId')].filter(Boolean).join('/') || null,
    task: textOf(attributes, taskFrom ?? 'service.name'),
    provider: textOf(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
    model: textOf(attributes, 'gen_ai.response.model', 'gen_ai.request.model'),
    user: textOf(attributes, 'user.id', 'enduser.id'),
    inputTokens: countOf(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
    outputTokens: countOf(attributes, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
    cacheReadTokens: countOf(
      attributes,
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cache_read_input_tokens',
    ),
    cacheWriteTokens: countOf(
      attributes,
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.usage.cache_creation_input_tokens',
    ),
    durationMs: spanOf(begin, timeOf(span, 'endTimeUnixNano'), 'the span'),
    ttftMs: ttftSeconds === null ? null : Math.round(Number(ttftSeconds) * 1000) || null,
    failed,
    error: failed ? textOf(attributes, 'error.type') : null,
    costNanoUsd: cost,
    costSource: cost === null ? null : 'export',
  };
}

function attributesOf(holder: FileRecord): FileRecord {
  const attributes: Record<string, unknown> = {};
  for (const { key, value } of listOf(holder.attributes)) {
    if (typeof key !== 'string' || typeof value !== 'object' || value === null) continue;
    const [held] = Object.values(value);
    if (typeof held !== 'object') attributes[key] = held;
  }
  return attributes;
}

function listOf(value: unknown): FileRecord[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}
