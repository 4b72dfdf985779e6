import { type Kysely, sql, type Transaction } from 'kysely';
import { createHistogram, record } from '../core/histogram.ts';
import type { Engine } from './engines/engine.ts';
import { STRIDE } from './pending.ts';
import { floorTo, HOUR_MS } from './rollup-grains.ts';
import { addSums, createSum, type Sum } from './rollup-write.ts';
import { type Database, FIGURE_COLUMNS } from './schema.ts';
import type { UserFigures } from './user-sums.ts';
import { addUsers, type UserGroup } from './user-write.ts';

/** Bytes of pending figures that one transaction takes on: about 20,000 calls, 100 ms. */
const MAX_BYTES = 20_000 * STRIDE * 8;
/** So many calls are folded as soon as they are there. */
const FOLD_CALLS = 10_000;

export interface Folder {
  /** Adds to the rollups all that is pending when called. Calls of one moment share the work. */
  flush(): Promise<void>;
  /** Tells of calls now pending. Resolves at once, unless they are so many that it is time to fold. */
  added(calls: number): Promise<void>;
  /** Folds what was added here since the last time. */
  tick(): Promise<void>;
  /** Waits for a fold that runs. */
  idle(): Promise<void>;
}

export function createFolder(db: Kysely<Database>, engine: Engine): Folder {
  let running: Promise<void> = Promise.resolve();
  /** Not begun yet: whoever asks now is served by it. */
  let next: Promise<void> | undefined;
  /** Calls not folded yet, as far as known here. One: an earlier process may have left some. */
  let waiting = 1;
  const fold = async (): Promise<void> => {
    next = undefined;
    const taken = waiting;
    waiting = 0;
    try {
      await foldAll(db, engine);
    } catch (error) {
      waiting += taken;
      throw error;
    }
  };
  const flush = (): Promise<void> => {
    next ??= running
      .catch(() => {})
      .then(() => {
        running = fold();
        return running;
      });
    return next;
  };
  return {
    flush,
    async added(calls) {
      waiting += calls;
      // The calls are committed, so a fold that fails is no failure of theirs; the next one, or a read, tries again.
      if (waiting >= FOLD_CALLS) await flush().catch(() => {});
    },
    async tick() {
      if (waiting > 0) await flush();
    },
    idle: () => (next ?? running).catch(() => {}),
  };
}

async function foldAll(db: Kysely<Database>, engine: Engine): Promise<void> {
  while (await hasPending(db)) await db.transaction().execute((trx) => foldSome(trx, engine));
}

async function hasPending(db: Kysely<Database>): Promise<boolean> {
  return (await db.selectFrom('rollup_pending').select('id').limit(1).executeTakeFirst()) !== undefined;
}

async function foldSome(trx: Transaction<Database>, engine: Engine): Promise<void> {
  await engine.lockRollups(trx);
  const sizes = await trx
    .selectFrom('rollup_pending')
    .select(['id', sql<number>`length(figures)`.as('bytes')])
    .orderBy('id')
    .execute();
  const ids: number[] = [];
  let bytes = 0;
  for (const size of sizes) {
    if (bytes > 0 && bytes + size.bytes > MAX_BYTES) break;
    bytes += size.bytes;
    ids.push(size.id);
  }
  if (ids.length === 0) return;
  const rows = await trx.selectFrom('rollup_pending').selectAll().where('id', 'in', ids).execute();
  const { sums, users } = groupPending(rows);
  await addSums(trx, engine, sums);
  await addUsers(trx, users);
  await trx.deleteFrom('rollup_pending').where('id', 'in', ids).execute();
}

interface Grouped {
  sums: Sum[];
  users: UserGroup[];
}

/** By hour, sandbox, task, deployment and key; and by hour, sandbox and task, each user apart. */
function groupPending(rows: readonly { names: string; figures: Uint8Array }[]): Grouped {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = names.push(name) - 1;
      numbers.set(name, number);
    }
    return number;
  };
  const sums = new Map<string, Sum>();
  const users = new Map<string, UserGroup>();
  for (const row of rows) {
    const local = (JSON.parse(row.names) as string[]).map(numberOf);
    const entries = new Float64Array(Uint8Array.prototype.slice.call(row.figures).buffer);
    const name = (at: number): number => local[entries[at] as number] as number;
    for (let at = 0; at < entries.length; at += STRIDE) {
      const hour = floorTo(entries[at] as number, HOUR_MS);
      const sandbox = entries[at + 1] as number;
      const [task, deployment, key, user] = [name(at + 2), name(at + 3), name(at + 4), name(at + 5)];
      const group = `${hour} ${sandbox} ${task}`;
      let sum = sums.get(`${group} ${deployment} ${key}`);
      if (!sum) {
        const values = {
          task: names[task] as string,
          deployment: names[deployment] as string,
          key: names[key] as string,
        };
        sum = createSum({ at: hour, sandbox, values });
        sums.set(`${group} ${deployment} ${key}`, sum);
      }
      addEntry(sum, entries, at);
      let some = users.get(group);
      if (!some) {
        some = { at: hour, sandbox, task: names[task] as string, users: new Map() };
        users.set(group, some);
      }
      addFigures(figuresIn(some.users, names[user] as string), entries, at);
    }
  }
  return { sums: [...sums.values()], users: [...users.values()] };
}

function addEntry(sum: Sum, entries: Float64Array, at: number): void {
  for (let f = 0; f < sum.figures.length; f++) (sum.figures[f] as number) += entries[at + 8 + f] as number;
  const ttftMs = entries[at + 6] as number;
  const totalMs = entries[at + 7] as number;
  if (!Number.isNaN(ttftMs)) {
    sum.ttft ??= createHistogram();
    record(sum.ttft, ttftMs);
  }
  if (!Number.isNaN(totalMs)) {
    sum.total ??= createHistogram();
    record(sum.total, totalMs);
  }
}

function figuresIn(users: Map<string, UserFigures>, user: string): UserFigures {
  let figures = users.get(user);
  if (!figures) {
    figures = new Float64Array(FIGURE_COLUMNS.length);
    users.set(user, figures);
  }
  return figures;
}

function addFigures(into: UserFigures, entries: Float64Array, at: number): void {
  for (let f = 0; f < into.length; f++) (into[f] as number) += entries[at + 8 + f] as number;
}
