import type { Migration, MigrationWords } from './migration.ts';

/** Files that apps upload, and batches of calls that read and write them. */
export const batches: Migration = {
  version: 8,
  name: 'batches',
  up({ types: t }) {
    return [
      `create table files (
        id ${t.text} not null primary key,
        key_id ${t.text} not null,
        filename ${t.text} not null,
        purpose ${t.text} not null,
        bytes ${t.int8} not null,
        ready ${t.int2} not null,
        created_at ${t.int8} not null,
        expires_at ${t.int8} not null
      )`,
      'create index files_key on files (key_id, id)',
      'create index files_expires on files (expires_at)',
      `create table file_chunks (
        file_id ${t.text} not null,
        seq ${t.int4} not null,
        body ${t.bytes} not null,
        primary key (file_id, seq)
      )`,
      ...batchTables(t),
    ];
  },
};

function batchTables(t: MigrationWords['types']): string[] {
  return [
    `create table batches (
      id ${t.text} not null primary key,
      key_id ${t.text} not null,
      job_id ${t.text} not null,
      status ${t.text} not null,
      endpoint ${t.text} not null,
      completion_window ${t.text} not null,
      input_file_id ${t.text} not null,
      output_file_id ${t.text},
      error_file_id ${t.text},
      metadata ${t.text},
      errors ${t.text},
      total ${t.int4} not null,
      completed ${t.int4} not null,
      failed ${t.int4} not null,
      created_at ${t.int8} not null,
      expires_at ${t.int8} not null,
      in_progress_at ${t.int8},
      finalizing_at ${t.int8},
      cancelling_at ${t.int8},
      ended_at ${t.int8}
    )`,
    'create index batches_key on batches (key_id, id)',
    `create table batch_lines (
      batch_id ${t.text} not null,
      line ${t.int4} not null,
      custom_id ${t.text} not null,
      body ${t.text} not null,
      answered ${t.int2} not null,
      status ${t.int4},
      answer ${t.text},
      call_id ${t.text},
      error_code ${t.text},
      error_message ${t.text},
      primary key (batch_id, line)
    )`,
  ];
}
