/**
 * OpenAI's usage and costs of an organisation: `GET /v1/organization/usage/{completions,embeddings,...}` and
 * `GET /v1/organization/costs`, pages of buckets as JSON, and the dashboard's CSV of the same columns.
 * https://platform.openai.com/docs/api-reference/usage, as known 2026-11-25.
 */
import { costOf, countOf, first, needTime, spanOf, textOf, timeOf } from '../field.ts';
import { BadRecord, emptyRow, type FileRecord, type HistoryFormat, type ReadRow } from '../format.ts';

const PROVIDER = 'openai';
const DAY_MS = 86_400_000;

export const openAiUsage: HistoryFormat = {
  name: 'openai-usage',
  summary:
    "OpenAI's organisation usage or costs: JSON pages of the usage API, or the CSV export of its dashboard",
  matches: (record) =>
    isPage(record) ||
    isBucket(record) ||
    ('num_model_requests' in record && 'input_tokens' in record) ||
    ('amount_value' in record && 'line_item' in record),
  read(record) {
    if (isPage(record)) return listOf(record, 'data').flatMap(readBucket);
    if (isBucket(record)) return readBucket(record);
    const from = needTime(record, 'start_time_iso', 'start_time');
    const to = timeOf(record, 'end_time_iso', 'end_time');
    return [readResult(record, { from, spanMs: spanOf(from, to, 'the bucket') ?? DAY_MS })];
  },
};

function isPage(record: FileRecord): boolean {
  const [bucket] = Array.isArray(record.data) ? (record.data as FileRecord[]) : [];
  return record.object === 'page' && (bucket === undefined || isBucket(bucket));
}

function isBucket(record: FileRecord): boolean {
  return record.object === 'bucket' && 'start_time' in record;
}

function readBucket(bucket: FileRecord): ReadRow[] {
  const from = needTime(bucket, 'start_time');
  const spanMs = spanOf(from, needTime(bucket, 'end_time'), 'the bucket') ?? DAY_MS;
  return listOf(bucket, 'results', 'result').map((result) => readResult(result, { from, spanMs }));
}

function readResult(result: FileRecord, { from, spanMs }: { from: number; spanMs: number }): ReadRow {
  const sumOf = ['project_id', 'api_key_id', 'batch', 'service_tier', 'line_item']
    .map((name) => textOf(result, name) ?? '')
    .join('|');
  const base = { ...emptyRow(from), spanMs, provider: PROVIDER, sumOf };
  const bill = costOf(result, 'amount.value', 'amount_value');
  if (bill !== null) {
    const currency = textOf(result, 'amount.currency', 'amount_currency') ?? 'usd';
    if (currency.toLowerCase() !== 'usd') throw new BadRecord(`the amount is in ${currency}; USD is read`);
    return {
      ...base,
      calls: null,
      costNanoUsd: bill,
      costSource: 'bill',
      task: textOf(result, 'project_name'),
    };
  }
  return {
    ...base,
    calls: countOf(result, 'num_model_requests', 'num_requests'),
    model: textOf(result, 'model'),
    user: textOf(result, 'user_id'),
    task: textOf(result, 'project_name'),
    inputTokens: countOf(result, 'input_tokens'),
    outputTokens:
      countOf(result, 'output_tokens') ?? (first(result, ['input_tokens']) === undefined ? null : 0),
    cacheReadTokens: countOf(result, 'input_cached_tokens'),
  };
}

function listOf(record: FileRecord, ...names: string[]): FileRecord[] {
  const list = first(record, names) ?? [];
  if (!Array.isArray(list)) throw new BadRecord(`${names[0]} is not a list`);
  return list.filter((item): item is FileRecord => typeof item === 'object' && item !== null);
}
