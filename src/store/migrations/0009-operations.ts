import type { Migration } from './migration.ts';

/** Which operation of a vendor's own API a pass-through call was. */
export const operations: Migration = {
  version: 9,
  name: 'operations',
  up({ types: t }) {
    return [`alter table calls add column operation ${t.text}`];
  },
};
