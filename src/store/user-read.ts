import { type Kysely, sql } from 'kysely';
import { cutWindow, DAY_MS, USER_GRAIN, USER_TASK_GRAIN } from './rollup-grains.ts';
import { toFigures } from './rollup-read.ts';
import { type Database, FIGURE_COLUMNS } from './schema.ts';
import type { Dimension, Figures, GroupKey, RollupFilter } from './store.ts';
import { decodeUserSums, positionOf, type UserSums } from './user-sums.ts';

/** Reads of sums per user. */

/** Bodies kept in memory: they never change, and thirty days of ten million calls are about half of this. */
const MAX_CACHE_BYTES = 64 * 1024 * 1024;
/** Rows asked for by id in one statement; above, the whole range is read. */
const MAX_IDS = 500;
const CALLS = FIGURE_COLUMNS.indexOf('calls');
const COST = FIGURE_COLUMNS.indexOf('cost_nano_usd');

/** Part of the users of one bucket. */
interface UserPart {
  task: string;
  sums: UserSums;
}

export interface UserReader {
  /** Every part in the window, each user's task apart or (`byTask` false) where possible not. */
  read(filter: RollupFilter, byTask: boolean): Promise<UserPart[]>;
}

/** Keeps bodies it has read, by id: a row never changes. */
export function createUserReader(db: Kysely<Database>): UserReader {
  const cache = new Map<number, UserPart & { bytes: number }>();
  let bytes = 0;
  const keep = (id: number, task: string, body: Uint8Array): UserPart => {
    const part = { task, sums: decodeUserSums(body), bytes: body.byteLength };
    cache.set(id, part);
    bytes += part.bytes;
    return part;
  };
  const trim = (): void => {
    for (const [id, part] of cache) {
      if (bytes <= MAX_CACHE_BYTES) return;
      cache.delete(id);
      bytes -= part.bytes;
    }
  };
  return {
    async read(filter, byTask) {
      const rows = await listRows(db, filter, byTask);
      const parts: UserPart[] = [];
      const missing: typeof rows = [];
      for (const row of rows) {
        const part = cache.get(row.id);
        if (!part) {
          missing.push(row);
          continue;
        }
        cache.delete(row.id);
        cache.set(row.id, part);
        parts.push(part);
      }
      for (let at = 0; at < missing.length; at += MAX_IDS) {
        const some = missing.slice(at, at + MAX_IDS).map(({ id }) => id);
        const found = await db
          .selectFrom('user_sums')
          .select(['id', 'task', 'body'])
          .where('id', 'in', some)
          .execute();
        // A fold that came between put others in their place: begin again.
        if (found.length < some.length) return this.read(filter, byTask);
        for (const { id, task, body } of found) parts.push(keep(id, task, body));
      }
      trim();
      return parts;
    },
  };
}

async function listRows(
  db: Kysely<Database>,
  filter: RollupFilter,
  byTask: boolean,
): Promise<{ id: number }[]> {
  const segments = cutWindow(filter.since, filter.until, USER_TASK_GRAIN.tiers);
  if (segments.length === 0) return [];
  const selects = segments.map(({ tier, from, to }) => {
    const grain = !byTask && tier === DAY_MS ? USER_GRAIN : USER_TASK_GRAIN;
    const task = filter.task === undefined ? sql`` : sql`and task = ${filter.task}`;
    return sql`select id from user_sums where grain = ${grain.id} and tier = ${tier}
      and sandbox = ${Number(filter.sandbox)} and bucket >= ${from} and bucket < ${to} ${task}`;
  });
  const { rows } = await sql<{ id: number }>`${sql.join(selects, sql` union all `)}`.execute(db);
  return rows;
}

type Group = Figures & GroupKey;

/** Groups by user, task or both, of one user or all, largest spend first (then calls), at most `limit`. */
export async function groupUsers(
  db: Kysely<Database>,
  reader: UserReader,
  query: { filter: RollupFilter; by: readonly Dimension[]; limit: number },
): Promise<Group[]> {
  const { filter, by, limit } = query;
  const byTask = by.includes('task') || filter.task !== undefined;
  const parts = await reader.read(filter, byTask);
  const one = filter.user === undefined ? undefined : ((await userId(db, filter.user)) ?? -1);
  const taskOf = (part: UserPart): string => (by.includes('task') ? part.task : '');
  const ranked = [...Map.groupBy(parts, taskOf)].flatMap(([task, some]) =>
    rank(some, one, limit).map((entry) => ({ ...entry, task, parts: some })),
  );
  const top = ranked.sort(bySpend).slice(0, limit);
  const names = await userNames(db, [...new Set(top.map(({ user }) => user))]);
  const groups = top.map(({ user, task, parts: some }): Group => {
    const key: GroupKey = {};
    for (const dimension of by) {
      if (dimension === 'task') key.task = task === '' ? null : task;
      else key.user = names.get(user) || null;
    }
    return { ...figuresOf(some, user), ...key };
  });
  return groups;
}

/** How many users have a name. */
export async function countUsers(
  db: Kysely<Database>,
  reader: UserReader,
  filter: RollupFilter,
): Promise<number> {
  const parts = await reader.read(filter, filter.task !== undefined);
  const nobody = await userId(db, '');
  const one = filter.user === undefined ? undefined : await userId(db, filter.user);
  if (filter.user !== undefined)
    return one !== undefined && parts.some(({ sums }) => positionOf(sums, one) >= 0) ? 1 : 0;
  const seen = new Uint8Array(largestOf(parts) + 1);
  for (const { sums } of parts) for (const user of sums.users) seen[user] = 1;
  if (nobody !== undefined && nobody < seen.length) seen[nobody] = 0;
  let count = 0;
  for (const flag of seen) count += flag;
  return count;
}

interface Ranked {
  user: number;
  calls: number;
  cost: number;
}

/** The users that spent most. Numbers of users are small and dense, so that arrays hold the sums. */
function rank(parts: readonly UserPart[], one: number | undefined, limit: number): Ranked[] {
  const length = largestOf(parts) + 1;
  const calls = new Float64Array(length);
  const cost = new Float64Array(length);
  for (const { sums } of parts) {
    add(calls, sums, CALLS);
    add(cost, sums, COST);
  }
  if (one !== undefined) {
    const found = (calls[one] ?? 0) > 0;
    return found ? [{ user: one, calls: calls[one] as number, cost: cost[one] as number }] : [];
  }
  const top: Ranked[] = [];
  for (let user = 0; user < length; user++) {
    if (calls[user] === 0) continue;
    const entry = { user, calls: calls[user] as number, cost: cost[user] as number };
    const last = top.at(-1);
    if (top.length >= limit && last && bySpend(last, entry) <= 0) continue;
    let at = top.length;
    while (at > 0 && bySpend(entry, top[at - 1] as Ranked) < 0) at--;
    top.splice(at, 0, entry);
    if (top.length > limit) top.pop();
  }
  return top;
}

function bySpend(a: Ranked, b: Ranked): number {
  return b.cost - a.cost || b.calls - a.calls || a.user - b.user;
}

function add(into: Float64Array, sums: UserSums, figure: number): void {
  const column = sums.figures[figure];
  if (!column) return;
  const { users } = sums;
  for (let i = 0; i < users.length; i++) (into[users[i] as number] as number) += column[i] as number;
}

/** Users ascend, so the last is the largest. */
function largestOf(parts: readonly UserPart[]): number {
  return parts.reduce((largest, { sums }) => Math.max(largest, sums.users.at(-1) ?? -1), -1);
}

function figuresOf(parts: readonly UserPart[], user: number): Figures {
  const sums = FIGURE_COLUMNS.map(() => 0);
  for (const part of parts) {
    const position = positionOf(part.sums, user);
    if (position < 0) continue;
    for (let f = 0; f < sums.length; f++)
      (sums[f] as number) += (part.sums.figures[f]?.[position] as number | undefined) ?? 0;
  }
  return toFigures(
    Object.fromEntries(FIGURE_COLUMNS.map((column, f) => [column, sums[f]])) as Parameters<
      typeof toFigures
    >[0],
  );
}

async function userId(db: Kysely<Database>, name: string): Promise<number | undefined> {
  return (await db.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst())?.id;
}

async function userNames(db: Kysely<Database>, ids: readonly number[]): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  for (let at = 0; at < ids.length; at += MAX_IDS) {
    const some = ids.slice(at, at + MAX_IDS);
    for (const { id, name } of await db.selectFrom('users').selectAll().where('id', 'in', some).execute())
      names.set(id, name);
  }
  return names;
}
