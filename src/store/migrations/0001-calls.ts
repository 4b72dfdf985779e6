import type { Migration, MigrationWords } from './migration.ts';

/** Calls slower than this are rare enough for an index of their own, milliseconds. */
export const SLOW_MS = 10_000;

/**
 * Calls, payloads and feedback. Every index but those on time of day ends in the id, so that a page of a filtered
 * list is one short range, newest first, however many calls there are.
 */
export const calls: Migration = {
  version: 1,
  name: 'calls',
  up({ types: t, partitions }) {
    const byId = (column: string) => (partitions ? ` partition by range (${column})` : '');
    return [
      `create table calls (
        started_at ${t.int8} not null,
        duration_ms ${t.float} not null,
        ttft_ms ${t.float},
        cost_nano_usd ${t.int8},
        input_tokens ${t.int8},
        output_tokens ${t.int8},
        cache_read_tokens ${t.int8},
        cache_write_tokens ${t.int8},
        reasoning_tokens ${t.int8},
        request_bytes ${t.int4} not null,
        response_bytes ${t.int4} not null,
        status ${t.int4} not null,
        attempt_count ${t.int4} not null,
        streamed ${t.int2} not null,
        sandbox ${t.int2} not null,
        unpriced ${t.int2} not null,
        estimated ${t.int2},
        id ${t.text} not null primary key,
        revision ${t.text} not null,
        protocol ${t.text} not null,
        task ${t.text} not null,
        requested_model ${t.text},
        key_id ${t.text} not null,
        user_id ${t.text},
        data_class ${t.text} not null,
        outcome ${t.text} not null,
        error_code ${t.text},
        error_message ${t.text},
        deployment ${t.text},
        provider ${t.text},
        model ${t.text},
        finish_reason ${t.text},
        tags ${t.json},
        attempts ${t.text},
        skipped ${t.text},
        stages ${t.text}
      )${byId('id')}`,
      'create index calls_task on calls (task, id)',
      'create index calls_user on calls (user_id, id) where user_id is not null',
      'create index calls_deployment on calls (deployment, id) where deployment is not null',
      'create index calls_key on calls (key_id, id)',
      'create index calls_sandbox on calls (id) where sandbox = 1',
      `create index calls_trouble on calls (outcome, id) where outcome <> 'ok'`,
      'create index calls_unpriced on calls (id) where unpriced = 1',
      `create index calls_slow on calls (duration_ms) where duration_ms >= ${SLOW_MS}`,
      ...besideCalls(t, byId('call_id')),
    ];
  },
};

function besideCalls(t: MigrationWords['types'], partitioning: string): string[] {
  return [
    `create table payloads (
      call_id ${t.text} not null primary key,
      request ${t.text} not null,
      response ${t.text} not null
    )${partitioning}`,
    `create table feedback (
      id ${t.text} not null primary key,
      call_id ${t.text} not null,
      name ${t.text} not null,
      score ${t.float} not null,
      comment ${t.text},
      correction ${t.text},
      key_id ${t.text},
      created_at ${t.int8} not null
    )`,
    'create index feedback_call on feedback (call_id)',
  ];
}
