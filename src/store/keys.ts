import type { Kysely } from 'kysely';
import type { Database, KeysTable } from './schema.ts';
import type { KeyRow, KeyStore } from './store.ts';

export function createKeyStore(db: Kysely<Database>): KeyStore {
  return {
    async add(key) {
      await db.insertInto('keys').values(toRow(key)).execute();
    },
    async list() {
      const rows = await db.selectFrom('keys').selectAll().orderBy('id').execute();
      return rows.map(fromRow);
    },
    async setDisabled(id, disabled) {
      const { numUpdatedRows } = await db
        .updateTable('keys')
        .set({ disabled: Number(disabled) })
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

function toRow(key: KeyRow): KeysTable {
  return {
    id: key.id,
    sha256: key.sha256,
    prefix: key.prefix,
    name: key.name,
    owner: key.owner,
    tasks: key.tasks && JSON.stringify(key.tasks),
    budget: key.budget && JSON.stringify(key.budget),
    expires_at: key.expiresAt,
    disabled: Number(key.disabled),
    created_at: key.createdAt,
  };
}

function fromRow(row: KeysTable): KeyRow {
  return {
    id: row.id,
    sha256: row.sha256,
    prefix: row.prefix,
    name: row.name,
    owner: row.owner,
    tasks: row.tasks && JSON.parse(row.tasks),
    budget: row.budget && JSON.parse(row.budget),
    expiresAt: row.expires_at,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
  };
}
