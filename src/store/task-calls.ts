import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { SAMPLE_COLUMNS, toSample } from './call-sample.ts';
import { firstIdAt, ID_SLACK_MS } from './call-window.ts';
import type { Database } from './schema.ts';
import type { HistoryFilter, HistorySample, TaskCallStore } from './store.ts';

/** Calls told one by one when they are asked for by time. */
const MAX_TIMES = 20_000;
/** Captured prompts looked at, the newest. */
const MAX_PROMPTS = 2_000;
/** Calls taken in a row at each place of a sample. */
const RUN = 50;

export function createTaskCallStore(db: Kysely<Database>): TaskCallStore {
  return {
    range: (task) => rangeOf(db, task),
    sample: (filter, places) => sample(db, filter, places),
    async errors(filter) {
      const rows = await within(db, filter)
        .select((eb) => ['error_code', eb.fn.countAll<number>().as('calls')])
        .where(sql`outcome`, '<>', sql`'ok'`)
        .where('outcome', 'in', ['error', 'client_left'])
        .groupBy('error_code')
        .execute();
      return rows.map(({ error_code, calls }) => ({ code: error_code ?? 'unknown', calls: Number(calls) }));
    },
    async times(filter) {
      const rows = await within(db, filter).select('started_at').orderBy('id').limit(MAX_TIMES).execute();
      return rows.map((row) => row.started_at).sort((a, b) => a - b);
    },
    async modelOf(deployment) {
      const row = await db
        .selectFrom('calls')
        .select(['provider', 'model'])
        .where('deployment', '=', deployment)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.provider && row.model ? { provider: row.provider, model: row.model } : null;
    },
    repeats: (filter) => repeats(db, filter),
  };
}

/** Of real calls that reached a model. */
function within(db: Kysely<Database>, { task, since, until }: HistoryFilter) {
  return db
    .selectFrom('calls')
    .where('task', '=', task)
    .where('id', '>=', firstIdAt(since - ID_SLACK_MS))
    .where('id', '<', firstIdAt(until + ID_SLACK_MS))
    .where('started_at', '>=', since)
    .where('started_at', '<', until)
    .where('sandbox', '=', 0)
    .where('outcome', '<>', 'refused');
}

async function rangeOf(db: Kysely<Database>, task: string): ReturnType<TaskCallStore['range']> {
  const end = (direction: 'asc' | 'desc') =>
    db
      .selectFrom('calls')
      .select('started_at')
      .where('task', '=', task)
      .where('sandbox', '=', 0)
      .where('outcome', '<>', 'refused')
      .orderBy('id', direction)
      .limit(1)
      .executeTakeFirst();
  const [first, last] = await Promise.all([end('asc'), end('desc')]);
  return first && last ? { since: first.started_at, last: last.started_at } : null;
}

async function sample(
  db: Kysely<Database>,
  filter: HistoryFilter,
  places: readonly number[],
): Promise<HistorySample[]> {
  const drawn = new Map<string, HistorySample>();
  for (const place of places) {
    const rows = await within(db, { ...filter, since: place })
      .select(['id', 'started_at', ...SAMPLE_COLUMNS])
      .where('outcome', '=', 'ok')
      // Tokens of images and audio are not those that a text model would have.
      .where('protocol', '<>', 'passthrough')
      .where('input_tokens', 'is not', null)
      .where('output_tokens', 'is not', null)
      .orderBy('id')
      .limit(RUN)
      .execute();
    for (const row of rows) drawn.set(row.id, toSample(row, row.started_at));
  }
  return [...drawn.values()];
}

async function repeats(db: Kysely<Database>, filter: HistoryFilter): ReturnType<TaskCallStore['repeats']> {
  const rows = await within(db, filter)
    .innerJoin('payloads', 'payloads.call_id', 'calls.id')
    .select('payloads.request')
    .orderBy('calls.id', 'desc')
    .limit(MAX_PROMPTS)
    .execute();
  if (rows.length === 0) return null;
  const prompts = new Set(rows.map(({ request }) => createHash('sha256').update(request).digest('base64')));
  return { share: 1 - prompts.size / rows.length, calls: rows.length };
}
