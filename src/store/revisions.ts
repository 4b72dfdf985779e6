import type { Kysely } from 'kysely';
import type { Revision, Stack } from '../stack/stack.ts';
import { fromStored } from '../stack/stored.ts';
import type { Engine } from './engines/engine.ts';
import type { ActivationsTable, Database, RevisionsTable } from './schema.ts';
import type { Activation, RevisionStore } from './store.ts';

export function createRevisionStore(db: Kysely<Database>, engine: Engine): RevisionStore {
  return {
    async activate(revision, activation) {
      await db.transaction().execute(async (trx) => {
        await engine.lockSchema(trx);
        await trx
          .insertInto('revisions')
          .values(toRow(revision))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        const last = await trx
          .selectFrom('activations')
          .select('seq')
          .orderBy('seq', 'desc')
          .limit(1)
          .executeTakeFirst();
        await trx
          .insertInto('activations')
          .values({
            seq: (last?.seq ?? 0) + 1,
            revision: activation.revision,
            at: activation.at,
            kind: activation.kind,
            by_whom: activation.by,
          })
          .execute();
      });
    },
    async active() {
      const row = await db
        .selectFrom('activations')
        .innerJoin('revisions', 'revisions.id', 'activations.revision')
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && { revision: fromRow(row), activation: toActivation(row) };
    },
    async get(id) {
      const row = await db.selectFrom('revisions').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async history(limit) {
      const rows = await db
        .selectFrom('activations')
        .innerJoin('revisions', 'revisions.id', 'activations.revision')
        .select(['seq', 'revision', 'at', 'kind', 'by_whom', 'source', 'origin', 'created_at'])
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        ...toActivation(row),
        source: row.source as Revision['source'],
        origin: row.origin,
        createdAt: row.created_at,
      }));
    },
  };
}

function toRow(revision: Revision): RevisionsTable {
  return {
    id: revision.id,
    stack: JSON.stringify(revision.stack),
    created_at: revision.createdAt,
    source: revision.source,
    origin: revision.origin,
  };
}

function fromRow(row: RevisionsTable): Revision {
  return {
    id: row.id,
    stack: fromStored(JSON.parse(row.stack) as Stack),
    createdAt: row.created_at,
    source: row.source as Revision['source'],
    origin: row.origin,
  };
}

function toActivation(row: ActivationsTable): Activation {
  return { revision: row.revision, at: row.at, kind: row.kind as Activation['kind'], by: row.by_whom };
}
