import type { Migration } from './migration.ts';

/** Rollups: sums and latency histograms per bucket of time. Figures are null where they would be zero. */
export const rollups: Migration = {
  version: 2,
  name: 'rollups',
  up({ types: t, clustered }) {
    const figures = `
        calls ${t.int4},
        errors ${t.int4},
        refused ${t.int4},
        client_left ${t.int4},
        unpriced ${t.int4},
        estimated ${t.int4},
        feedback_count ${t.int4},
        cost_nano_usd ${t.int8},
        input_tokens ${t.int8},
        output_tokens ${t.int8},
        cache_read_tokens ${t.int8},
        cache_write_tokens ${t.int8},
        reasoning_tokens ${t.int8},
        feedback_sum ${t.float}`;
    const bucket = `
        bucket ${t.int8} not null,
        tier ${t.int4} not null,
        grain ${t.int2} not null,
        sandbox ${t.int2} not null`;
    return [
      `create table rollups (${bucket},${figures},
        task ${t.text} not null,
        deployment ${t.text} not null,
        key_id ${t.text} not null,
        ttft ${t.bytes},
        total ${t.bytes},
        primary key (grain, tier, sandbox, bucket, task, deployment, key_id)
      )${clustered}`,
      `create table user_sums (
        id ${t.serial},
        bucket ${t.int8} not null,
        tier ${t.int4} not null,
        users ${t.int4} not null,
        grain ${t.int2} not null,
        sandbox ${t.int2} not null,
        task ${t.text} not null,
        body ${t.bytes} not null
      )`,
      'create index user_sums_bucket on user_sums (grain, tier, sandbox, bucket, task)',
      `create table users (
        id ${t.serial},
        name ${t.text} not null unique
      )`,
      `create table rollup_pending (
        id ${t.serial},
        names ${t.text} not null,
        figures ${t.bytes} not null
      )`,
    ];
  },
};
