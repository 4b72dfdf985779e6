import type { Migration } from './migration.ts';

/** Work that goes on in the background and outlives the process that began it. */
export const jobs: Migration = {
  version: 5,
  name: 'jobs',
  up({ types: t }) {
    return [
      `create table jobs (
        id ${t.text} not null primary key,
        kind ${t.text} not null,
        state ${t.text} not null,
        input ${t.text} not null,
        done ${t.int8},
        total ${t.int8},
        result ${t.text},
        error ${t.text},
        attempts ${t.int4} not null,
        max_attempts ${t.int4},
        worker ${t.text},
        cancel_requested ${t.int2} not null,
        run_at ${t.int8} not null,
        heartbeat_at ${t.int8},
        created_at ${t.int8} not null,
        ended_at ${t.int8}
      )`,
      'create index jobs_state on jobs (state, run_at)',
    ];
  },
};
