import type { Migration } from './migration.ts';

/** Parts of batches that go through a vendor's own batch API, and which way each line goes. */
export const batchParts: Migration = {
  version: 11,
  name: 'batch-parts',
  up({ types: t }) {
    return [
      `create table batch_parts (
        id ${t.text} not null primary key,
        batch_id ${t.text} not null,
        deployment ${t.text} not null,
        data_class ${t.text} not null,
        endpoint ${t.text} not null,
        state ${t.text} not null,
        vendor_id ${t.text},
        vendor_status ${t.text},
        lines ${t.int4} not null,
        completed ${t.int4} not null,
        failed ${t.int4} not null,
        tries ${t.int4} not null,
        due_at ${t.int8} not null,
        sent_at ${t.int8},
        note ${t.text},
        passed_over ${t.text} not null,
        created_at ${t.int8} not null,
        ended_at ${t.int8}
      )`,
      'create index batch_parts_batch on batch_parts (batch_id, id)',
      'create index batch_parts_vendor on batch_parts (vendor_id)',
      // Lines of before this step have no way yet, and get one when their batch goes on.
      `alter table batch_lines add column part ${t.text}`,
    ];
  },
};
