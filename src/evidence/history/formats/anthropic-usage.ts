/**
 * Anthropic's usage and cost reports: `GET /v1/organizations/usage_report/messages` and `/cost_report`, pages of buckets
 * as JSON, and the console's CSV of usage. The reports count tokens, not requests.
 * https://platform.claude.com/docs/en/api/admin-api/usage-cost, as known 2026-11-25.
 */
import { countOf, first, needTime, numberOf, spanOf, textOf } from '../field.ts';
import { BadRecord, emptyRow, type FileRecord, type HistoryFormat, type ReadRow } from '../format.ts';

const PROVIDER = 'anthropic';
const DAY_MS = 86_400_000;
/** The report's amounts are cents, as decimal text. */
const NANO_PER_CENT = 1e7;

export const anthropicUsage: HistoryFormat = {
  name: 'anthropic-usage',
  summary: "Anthropic's usage or cost report: JSON pages of the admin API, or the console's CSV export",
  matches: (record) => isPage(record) || isBucket(record) || 'usage_input_tokens_no_cache' in record,
  read(record) {
    if (isPage(record)) return (record.data as FileRecord[]).flatMap(readBucket);
    if (isBucket(record)) return readBucket(record);
    return [readCsv(record)];
  },
};

function isPage(record: FileRecord): boolean {
  return Array.isArray(record.data) && record.data.length > 0 && record.data.every((item) => isBucket(item));
}

function isBucket(record: FileRecord): boolean {
  return typeof record === 'object' && record !== null && 'starting_at' in record && 'results' in record;
}

function readBucket(bucket: FileRecord): ReadRow[] {
  const from = needTime(bucket, 'starting_at');
  const spanMs = spanOf(from, needTime(bucket, 'ending_at'), 'the bucket') ?? DAY_MS;
  if (!Array.isArray(bucket.results)) throw new BadRecord('results is not a list');
  return (bucket.results as FileRecord[]).map((result) => {
    const sumOf = sumOfResult(result, [
      'workspace_id',
      'api_key_id',
      'service_tier',
      'context_window',
      'description',
      'cost_type',
      'token_type',
    ]);
    const base = {
      ...emptyRow(from),
      spanMs,
      calls: null,
      provider: PROVIDER,
      model: textOf(result, 'model'),
      sumOf,
    };
    const cents = numberOf(result, 'amount');
    if (cents === null) return { ...base, ...tokensOf(result) };
    const currency = textOf(result, 'currency') ?? 'USD';
    if (currency.toUpperCase() !== 'USD') throw new BadRecord(`the amount is in ${currency}; USD is read`);
    return { ...base, costNanoUsd: Math.round(cents * NANO_PER_CENT), costSource: 'bill' as const };
  });
}

function tokensOf(result: FileRecord): Partial<ReadRow> {
  return add({
    uncached: countOf(result, 'uncached_input_tokens'),
    read: countOf(result, 'cache_read_input_tokens'),
    written: sum(
      countOf(result, 'cache_creation.ephemeral_5m_input_tokens'),
      countOf(result, 'cache_creation.ephemeral_1h_input_tokens'),
    ),
    output: countOf(result, 'output_tokens'),
  });
}

function readCsv(record: FileRecord): ReadRow {
  return {
    ...emptyRow(needTime(record, 'usage_date_utc', 'usage_date')),
    spanMs: DAY_MS,
    calls: null,
    provider: PROVIDER,
    model: textOf(record, 'model_version', 'model'),
    task: textOf(record, 'workspace'),
    sumOf: sumOfResult(record, ['workspace', 'api_key', 'usage_type', 'context_window']),
    ...add({
      uncached: countOf(record, 'usage_input_tokens_no_cache'),
      read: countOf(record, 'usage_input_tokens_cache_read'),
      written: sum(
        countOf(record, 'usage_input_tokens_cache_write_5m'),
        countOf(record, 'usage_input_tokens_cache_write_1h'),
      ),
      output: countOf(record, 'usage_output_tokens'),
    }),
  };
}

/** The reports leave cached tokens out of the input; here they are part of it. */
function add(tokens: {
  uncached: number | null;
  read: number | null;
  written: number | null;
  output: number | null;
}): Partial<ReadRow> {
  return {
    inputTokens:
      tokens.uncached === null ? null : tokens.uncached + (tokens.read ?? 0) + (tokens.written ?? 0),
    cacheReadTokens: tokens.read,
    cacheWriteTokens: tokens.written,
    outputTokens: tokens.output,
  };
}

function sum(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}

function sumOfResult(record: FileRecord, names: readonly string[]): string {
  return names.map((name) => String(first(record, [name]) ?? '')).join('|');
}
