/**
 * Langfuse's observations: JSON, JSONL or CSV of its export or of `GET /api/public/observations`; generations are read,
 * spans and events are left out. https://langfuse.com/docs/query-traces, as known 2026-11-25.
 */
import { costOf, countOf, needTime, spanOf, textOf, timeOf } from '../field.ts';
import { emptyRow, type FileRecord, type HistoryFormat, type ReadRow } from '../format.ts';

export const langfuse: HistoryFormat = {
  name: 'langfuse',
  summary: 'Langfuse observations: JSON, JSONL or CSV export, or pages of its public API',
  matches: (record) =>
    (Array.isArray(record.data) && record.data.length > 0 && isObservation(record.data[0])) ||
    isObservation(record),
  read(record, { taskFrom }) {
    const list = Array.isArray(record.data) ? (record.data as FileRecord[]) : [record];
    return list.flatMap((observation) => {
      const type = textOf(observation, 'type');
      return type !== null && type.toUpperCase() !== 'GENERATION'
        ? []
        : [readGeneration(observation, taskFrom)];
    });
  },
};

function isObservation(record: FileRecord): boolean {
  return ('traceId' in record || 'trace_id' in record) && ('startTime' in record || 'start_time' in record);
}

function readGeneration(record: FileRecord, taskFrom: string | null): ReadRow {
  const begin = needTime(record, 'startTime', 'start_time');
  const level = textOf(record, 'level');
  const cost = costOf(
    record,
    'calculatedTotalCost',
    'costDetails.total',
    'cost_details.total',
    'totalCost',
    'total_cost',
  );
  const cacheRead = countOf(record, ...usage('cache_read_input_tokens'), ...usage('input_cached_tokens'));
  const cacheWrite = countOf(record, ...usage('cache_creation_input_tokens'));
  const input = countOf(
    record,
    ...usage('input'),
    'usage.promptTokens',
    'promptTokens',
    'inputUsage',
    'input_usage',
  );
  return {
    ...emptyRow(begin),
    naturalId: textOf(record, 'id'),
    task: taskFrom === null ? textOf(record, 'traceName', 'trace_name', 'name') : textOf(record, taskFrom),
    model: textOf(record, 'model', 'providedModelName', 'provided_model_name'),
    user: textOf(record, 'userId', 'user_id'),
    // Its `input` leaves cached tokens out where it lists them apart.
    inputTokens: input === null ? null : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    outputTokens: countOf(
      record,
      ...usage('output'),
      'usage.completionTokens',
      'completionTokens',
      'outputUsage',
      'output_usage',
    ),
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    durationMs: spanOf(begin, timeOf(record, 'endTime', 'end_time'), 'the generation'),
    ttftMs: spanOf(begin, timeOf(record, 'completionStartTime', 'completion_start_time'), 'the first token'),
    failed: level?.toUpperCase() === 'ERROR',
    error:
      level?.toUpperCase() === 'ERROR'
        ? (textOf(record, 'statusMessage', 'status_message')?.slice(0, 80) ?? null)
        : null,
    // It writes 0 where it knows no price.
    costNanoUsd: cost === 0 ? null : cost,
    costSource: cost === 0 || cost === null ? null : 'export',
  };
}

function usage(name: string): string[] {
  return [`usageDetails.${name}`, `usage_details.${name}`, `usage.${name}`];
}
