/** CSV or JSONL of anybody's making: a mapping says which column holds what; well-known names need none. */
import { costOf, countOf, needTime, numberOf, textOf } from '../field.ts';
import { emptyRow, type FileRecord, type HistoryFormat, type ReadOptions } from '../format.ts';

/** Field -> names it is found under when the mapping says nothing, lower case. */
export const PLAIN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  at: [
    'at',
    'time',
    'timestamp',
    'date',
    'created_at',
    'createdat',
    'started_at',
    'start_time',
    'starttime',
    'datetime',
  ],
  id: ['id', 'request_id', 'requestid', 'call_id', 'generation_id'],
  task: ['task', 'use_case', 'feature', 'app', 'project'],
  provider: ['provider', 'vendor', 'provider_name'],
  model: ['model', 'model_name', 'model_permaslug'],
  user: ['user', 'user_id', 'userid', 'end_user', 'customer'],
  calls: ['calls', 'requests', 'count', 'num_requests'],
  input: [
    'input',
    'input_tokens',
    'prompt_tokens',
    'contexttokens',
    'context_tokens',
    'tokens_prompt',
    'inputtokens',
  ],
  output: [
    'output',
    'output_tokens',
    'completion_tokens',
    'generatedtokens',
    'generated_tokens',
    'tokens_completion',
    'outputtokens',
  ],
  cacheRead: ['cache_read_tokens', 'cached_tokens', 'cache_read_input_tokens', 'tokens_cached'],
  cacheWrite: ['cache_write_tokens', 'cache_creation_input_tokens'],
  cost: ['cost', 'cost_usd', 'usd', 'spend', 'cost_total', 'total_cost'],
  durationMs: ['duration_ms', 'latency_ms', 'generation_time_ms', 'durationms'],
  ttftMs: ['ttft_ms', 'time_to_first_token_ms', 'ttftms'],
  error: ['error', 'error_code'],
  spanHours: ['span_hours'],
};

const HOUR_MS = 3_600_000;

export const plain: HistoryFormat = {
  name: 'csv',
  summary: 'Any CSV or JSONL, one call (or one sum) a line; --map says which column holds what',
  matches: (record) => {
    const names = columnsOf(record, {});
    return names.at !== undefined && (names.input !== undefined || names.cost !== undefined);
  },
  read(record, options) {
    const field = columnsOf(record, options.columns);
    const pick = (name: string): string => field[name] ?? name;
    const spanHours = numberOf(record, pick('spanHours'));
    const error = textOf(record, pick('error'));
    const cost = costOf(record, pick('cost'));
    return [
      {
        ...emptyRow(needTime(record, pick('at'))),
        naturalId: textOf(record, pick('id')),
        task: textOf(record, options.taskFrom ?? pick('task')),
        provider: textOf(record, pick('provider')),
        model: textOf(record, pick('model')),
        user: textOf(record, pick('user')),
        spanMs: spanHours === null ? 0 : Math.round(spanHours * HOUR_MS),
        calls: countOf(record, pick('calls')) ?? (spanHours === null ? 1 : null),
        inputTokens: countOf(record, pick('input')),
        outputTokens: countOf(record, pick('output')),
        cacheReadTokens: countOf(record, pick('cacheRead')),
        cacheWriteTokens: countOf(record, pick('cacheWrite')),
        durationMs: numberOf(record, pick('durationMs')),
        ttftMs: numberOf(record, pick('ttftMs')),
        failed: error !== null,
        error,
        costNanoUsd: cost,
        costSource: cost === null ? null : 'export',
      },
    ];
  },
};

let lastColumns:
  | { key: string; mapping: ReadOptions['columns']; found: Record<string, string | undefined> }
  | undefined;

/** Field -> column of this record. Rows of one file have one shape, so the last answer is kept. */
function columnsOf(record: FileRecord, mapping: ReadOptions['columns']): Record<string, string | undefined> {
  const names = Object.keys(record);
  const key = names.join('\n');
  if (lastColumns?.key === key && lastColumns.mapping === mapping) return lastColumns.found;
  const byLower = new Map(names.map((name) => [name.trim().toLowerCase(), name]));
  const found: Record<string, string | undefined> = {};
  for (const [field, known] of Object.entries(PLAIN_FIELDS)) {
    found[field] =
      mapping[field] ?? known.map((name) => byLower.get(name)).find((name) => name !== undefined);
  }
  lastColumns = { key, mapping, found };
  return found;
}
