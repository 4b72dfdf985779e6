import { type Kysely, sql } from 'kysely';
import { DATA_CLASSES, type DataClass } from '../core/protocol.ts';
import type { Database } from './schema.ts';
import type { ResponseStore } from './store.ts';

/** Longest conversation that is followed back, in turns. */
const MAX_TURNS = 1_000;
const EXPIRE_ROWS = 500;

interface Turn {
  id: string;
  previous_id: string | null;
  items: string;
  data_class: number;
}

/** A turn is kept under its virtual key: another key does not find it. */
export function createResponseStore(db: Kysely<Database>): ResponseStore {
  return {
    async keep({ keyId, id, previousId, items, dataClass, at }) {
      await db
        .insertInto('responses')
        .values({
          key_id: keyId,
          id,
          previous_id: previousId,
          items,
          data_class: DATA_CLASSES.indexOf(dataClass),
          used_at: at,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async conversation({ keyId, id, at }) {
      const { rows } = await sql<Turn>`
        with recursive chain (id, previous_id, items, data_class, depth) as (
          select id, previous_id, items, data_class, 0 from responses where key_id = ${keyId} and id = ${id}
          union all
          select turn.id, turn.previous_id, turn.items, turn.data_class, chain.depth + 1
          from chain join responses turn on turn.id = chain.previous_id
          where turn.key_id = ${keyId} and chain.depth < ${MAX_TURNS}
        )
        select id, previous_id, items, data_class from chain order by depth desc`.execute(db);
      const [first] = rows;
      if (!first || first.previous_id !== null) return undefined;
      const ids = rows.map((turn) => turn.id);
      await db
        .updateTable('responses')
        .set({ used_at: at })
        .where('key_id', '=', keyId)
        .where('id', 'in', ids)
        .execute();
      const highest = Math.max(...rows.map((turn) => turn.data_class));
      return { items: rows.map(({ items }) => items), dataClass: DATA_CLASSES[highest] as DataClass };
    },

    async expire(before) {
      for (;;) {
        const { numAffectedRows } = await sql`delete from responses where (key_id, id) in (
          select key_id, id from responses where used_at < ${before} order by used_at limit ${EXPIRE_ROWS})`.execute(
          db,
        );
        if (Number(numAffectedRows ?? 0n) < EXPIRE_ROWS) return;
        await new Promise(setImmediate);
      }
    },
  };
}
