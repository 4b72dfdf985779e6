import type { Migration } from './migration.ts';

/** Profiles of tasks as people declared them, and recommendations with their lives. */
export const advice: Migration = {
  version: 7,
  name: 'advice',
  up({ types: t }) {
    return [
      `create table profiles (
        task ${t.text} primary key,
        profile ${t.text} not null,
        at ${t.int8} not null,
        by_whom ${t.text} not null
      )`,
      `create table recommendations (
        id ${t.text} primary key,
        task ${t.text} not null,
        target ${t.text} not null,
        state ${t.text} not null,
        body ${t.text} not null,
        created_at ${t.int8} not null,
        changed_at ${t.int8} not null
      )`,
      'create index recommendations_task on recommendations (task, id)',
    ];
  },
};
