import type { Migration } from './migration.ts';

/** The newest advice of each task, and the rule that a task has one open recommendation for a target. */
export const keptAdvice: Migration = {
  version: 10,
  name: 'kept advice',
  up({ types: t }) {
    return [
      `create table advices (
        task ${t.text} primary key,
        at ${t.int8} not null,
        basis ${t.text} not null,
        summary ${t.text} not null,
        body ${t.text} not null
      )`,
      `create unique index recommendations_open on recommendations (task, target)
        where state in ('proposed', 'accepted', 'proving', 'adopted')`,
    ];
  },
};
