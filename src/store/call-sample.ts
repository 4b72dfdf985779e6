/** What the advisor reads of a single call, the same of calls served here and of imported ones. */
import type { HistorySample } from './store.ts';

export const SAMPLE_COLUMNS = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'duration_ms',
  'ttft_ms',
  'cost_nano_usd',
  'model',
] as const;

type SampleRow = Record<Exclude<(typeof SAMPLE_COLUMNS)[number], 'model'>, number | null> & {
  model: string | null;
};

/** Of a row whose tokens are known. `at`: epoch milliseconds. */
export function toSample(row: SampleRow, at: number): HistorySample {
  return {
    at,
    inputTokens: row.input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    durationMs: row.duration_ms,
    ttftMs: row.ttft_ms,
    costNanoUsd: row.cost_nano_usd,
    model: row.model,
  };
}
