import type { Migration } from './migration.ts';

/** What the control plane keeps: virtual keys (hashes only), revisions, settings. */
export const control: Migration = {
  version: 3,
  name: 'control',
  up({ types: t }) {
    return [
      `create table keys (
        id ${t.text} not null primary key,
        sha256 ${t.text} not null unique,
        prefix ${t.text} not null,
        name ${t.text} not null,
        owner ${t.text},
        tasks ${t.text},
        budget ${t.text},
        expires_at ${t.int8},
        disabled ${t.int2} not null,
        created_at ${t.int8} not null
      )`,
      `create table revisions (
        id ${t.text} not null primary key,
        stack ${t.text} not null,
        created_at ${t.int8} not null,
        source ${t.text} not null,
        origin ${t.text} not null
      )`,
      `create table activations (
        seq ${t.int8} not null primary key,
        revision ${t.text} not null,
        at ${t.int8} not null,
        kind ${t.text} not null,
        by_whom ${t.text} not null
      )`,
      `create table settings (
        name ${t.text} not null primary key,
        value ${t.text} not null
      )`,
    ];
  },
};
