import type { Migration } from './migration.ts';

/** What load tests of deployments found. */
export const loadTests: Migration = {
  version: 12,
  name: 'load tests',
  up({ types: t }) {
    return [
      `create table load_tests (
        id ${t.text} primary key,
        deployment ${t.text} not null,
        job_id ${t.text} not null,
        created_at ${t.int8} not null,
        body ${t.text} not null
      )`,
    ];
  },
};
