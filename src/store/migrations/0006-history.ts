import type { Migration } from './migration.ts';

/** Usage that other tools recorded, and the files it came from. */
export const history: Migration = {
  version: 6,
  name: 'history',
  up({ types: t }) {
    return [
      `create table imports (
        id ${t.text} primary key,
        at ${t.int8} not null,
        file ${t.text} not null,
        format ${t.text} not null,
        rows ${t.int8} not null,
        bad_rows ${t.int8} not null
      )`,
      `create table history (
        at ${t.int8} not null,
        input_tokens ${t.int8},
        output_tokens ${t.int8},
        cache_read_tokens ${t.int8},
        cache_write_tokens ${t.int8},
        cost_nano_usd ${t.int8},
        calls ${t.int8},
        duration_ms ${t.float},
        ttft_ms ${t.float},
        span_ms ${t.int8} not null,
        failed ${t.int2} not null,
        id ${t.text} primary key,
        import_id ${t.text} not null,
        task ${t.text} not null,
        provider ${t.text},
        model ${t.text},
        user_id ${t.text},
        error ${t.text},
        cost_source ${t.text}
      )`,
      'create index history_task_at on history (task, at, span_ms, calls)',
      'create index history_task_id on history (task, id)',
      'create index history_import on history (import_id)',
      'create index history_at on history (at)',
    ];
  },
};
