import type { Migration } from './migration.ts';

/** Turns of conversations that apps continue by `previous_response_id`. */
export const responses: Migration = {
  version: 4,
  name: 'responses',
  up({ types: t }) {
    return [
      `create table responses (
        key_id ${t.text} not null,
        id ${t.text} not null,
        previous_id ${t.text},
        items ${t.text} not null,
        data_class ${t.int2} not null,
        used_at ${t.int8} not null,
        primary key (key_id, id)
      )`,
      'create index responses_used_at on responses (used_at)',
    ];
  },
};
