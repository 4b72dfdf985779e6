import { type Kysely, sql } from 'kysely';
import type { FilesTable } from './batch-tables.ts';
import type { Database } from './schema.ts';

/** A file that an app uploaded, or that a batch wrote for it. Its bytes stand in chunks. */
export interface StoredFile {
  id: string;
  /** Whose it is: no other key sees it. */
  keyId: string;
  filename: string;
  purpose: string;
  bytes: number;
  /** Epoch milliseconds. */
  createdAt: number;
  expiresAt: number;
}

export interface FileStore {
  /** A file to be written. Nobody finds it before it is {@link finish}ed. */
  begin(file: Omit<StoredFile, 'bytes'>): Promise<void>;
  /** `seq` counts from 0. */
  append(id: string, seq: number, body: Uint8Array): Promise<void>;
  /** What is known of an unfinished file only at its end. */
  name(id: string, known: Pick<StoredFile, 'filename' | 'expiresAt'>): Promise<void>;
  finish(id: string, bytes: number): Promise<void>;
  get(id: string): Promise<StoredFile | undefined>;
  /** By id, which is by time; `after` is the last id of the page before. */
  list(filter: {
    keyId: string;
    purpose?: string;
    limit: number;
    after?: string;
    order: 'asc' | 'desc';
  }): Promise<StoredFile[]>;
  /** `undefined`: that was the last chunk. */
  read(id: string, seq: number): Promise<Uint8Array | undefined>;
  /** Returns whether there was such a file, finished or not. */
  remove(id: string): Promise<boolean>;
  /** Removes files past their time, and unfinished ones that were begun before `begunBefore`. Epoch milliseconds. */
  expire(now: number, begunBefore: number): Promise<void>;
}

/** Chunks deleted by one statement: 8 MB. */
const REMOVE_CHUNKS = 8;
const EXPIRE_ROWS = 100;

export function createFileStore(db: Kysely<Database>): FileStore {
  return {
    async begin(file) {
      await db.insertInto('files').values(toRow(file)).execute();
    },
    async append(id, seq, body) {
      await db.insertInto('file_chunks').values({ file_id: id, seq, body }).execute();
    },
    async name(id, { filename, expiresAt }) {
      await db.updateTable('files').set({ filename, expires_at: expiresAt }).where('id', '=', id).execute();
    },
    async finish(id, bytes) {
      await db.updateTable('files').set({ bytes, ready: 1 }).where('id', '=', id).execute();
    },
    async get(id) {
      const query = db.selectFrom('files').selectAll().where('id', '=', id).where('ready', '=', 1);
      const row = await query.executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ keyId, purpose, limit, after, order }) {
      let query = db.selectFrom('files').selectAll().where('key_id', '=', keyId).where('ready', '=', 1);
      if (purpose !== undefined) query = query.where('purpose', '=', purpose);
      if (after !== undefined) query = query.where('id', order === 'asc' ? '>' : '<', after);
      return (await query.orderBy('id', order).limit(limit).execute()).map(fromRow);
    },
    async read(id, seq) {
      const query = db.selectFrom('file_chunks').select('body').where('file_id', '=', id);
      return (await query.where('seq', '=', seq).executeTakeFirst())?.body;
    },
    remove: (id) => remove(db, id),
    async expire(now, begunBefore) {
      for (;;) {
        const rows = await db
          .selectFrom('files')
          .select('id')
          .where((eb) =>
            eb.or([
              eb('expires_at', '<=', now),
              eb.and([eb('ready', '=', 0), eb('created_at', '<', begunBefore)]),
            ]),
          )
          .limit(EXPIRE_ROWS)
          .execute();
        for (const { id } of rows) await remove(db, id);
        if (rows.length < EXPIRE_ROWS) return;
      }
    },
  };
}

/** The chunks first: a removal that is cut short is found and ended by the next one. */
async function remove(db: Kysely<Database>, id: string): Promise<boolean> {
  await db.updateTable('files').set({ ready: 0 }).where('id', '=', id).execute();
  for (;;) {
    const { numAffectedRows } = await sql`delete from file_chunks where (file_id, seq) in (
      select file_id, seq from file_chunks where file_id = ${id} limit ${REMOVE_CHUNKS})`.execute(db);
    if (Number(numAffectedRows ?? 0n) < REMOVE_CHUNKS) break;
    await new Promise(setImmediate);
  }
  const { numDeletedRows } = await db.deleteFrom('files').where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

function toRow(file: Omit<StoredFile, 'bytes'>): FilesTable {
  return {
    id: file.id,
    key_id: file.keyId,
    filename: file.filename,
    purpose: file.purpose,
    bytes: 0,
    ready: 0,
    created_at: file.createdAt,
    expires_at: file.expiresAt,
  };
}

function fromRow(row: FilesTable): StoredFile {
  return {
    id: row.id,
    keyId: row.key_id,
    filename: row.filename,
    purpose: row.purpose,
    bytes: row.bytes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
