import { sql, type Transaction } from 'kysely';
import { DAY_MS, floorTo, HOUR_MS, USER_GRAIN, USER_TASK_GRAIN } from './rollup-grains.ts';
import type { Database } from './schema.ts';
import { addUserSums, decodeUserSums, encodeUserSums, type UserFigures } from './user-sums.ts';

/** Names looked up, or rows written, by one statement. */
const CHUNK = 500;

/** Users of one hour, sandbox and task, by name. */
export interface UserGroup {
  at: number;
  sandbox: number;
  task: string;
  users: Map<string, UserFigures>;
}

/** One body to be: a bucket of one grain. */
interface Part {
  grain: number;
  tier: number;
  sandbox: number;
  bucket: number;
  task: string;
  users: Map<number, UserFigures>;
}

/**
 * Adds users' sums. A bucket's sums stand in several rows, which readers add up: new ones become a row of their own,
 * merged with every row that is not much larger. So a bucket has few rows, and a row is rewritten few times.
 */
export async function addUsers(trx: Transaction<Database>, groups: readonly UserGroup[]): Promise<void> {
  const ids = await idsOf(trx, new Set(groups.flatMap((group) => [...group.users.keys()])));
  const parts = new Map<string, Part>();
  for (const { at, sandbox, task, users } of groups) {
    const bucket = floorTo(at, DAY_MS);
    const targets: Omit<Part, 'users'>[] = [
      { grain: USER_TASK_GRAIN.id, tier: HOUR_MS, sandbox, bucket: at, task },
      { grain: USER_TASK_GRAIN.id, tier: DAY_MS, sandbox, bucket, task },
      { grain: USER_GRAIN.id, tier: DAY_MS, sandbox, bucket, task: '' },
    ];
    for (const target of targets) {
      const part = partIn(parts, target);
      for (const [name, figures] of users) addTo(part.users, ids.get(name) as number, figures);
    }
  }
  await mergeStanding(trx, parts);
  const rows = [...parts.values()].map(({ users, ...part }) => ({
    ...part,
    users: users.size,
    body: Buffer.from(encodeUserSums(users)),
  }));
  for (let at = 0; at < rows.length; at += CHUNK)
    await trx
      .insertInto('user_sums')
      .values(rows.slice(at, at + CHUNK))
      .execute();
}

function nameOf(part: Omit<Part, 'users'>): string {
  return `${part.grain} ${part.tier} ${part.sandbox} ${part.bucket} ${part.task}`;
}

function partIn(parts: Map<string, Part>, target: Omit<Part, 'users'>): Part {
  const name = nameOf(target);
  let part = parts.get(name);
  if (!part) {
    part = { ...target, users: new Map() };
    parts.set(name, part);
  }
  return part;
}

function addTo(users: Map<number, UserFigures>, id: number, figures: UserFigures): void {
  const standing = users.get(id);
  if (!standing) {
    users.set(id, figures.slice());
    return;
  }
  for (let f = 0; f < figures.length; f++) (standing[f] as number) += figures[f] as number;
}

/** Takes the rows that are at most twice as large out of the table and into `parts`. */
async function mergeStanding(trx: Transaction<Database>, parts: ReadonlyMap<string, Part>): Promise<void> {
  const chosen = new Map<number, Part>();
  const buckets = Map.groupBy(parts.values(), (part) => `${part.grain} ${part.tier} ${part.sandbox}`);
  for (const some of buckets.values()) {
    const [{ grain, tier, sandbox }] = some as [Part];
    const rows = await trx
      .selectFrom('user_sums')
      .select(['id', 'grain', 'tier', 'sandbox', 'bucket', 'task', 'users'])
      .where('grain', '=', grain)
      .where('tier', '=', tier)
      .where('sandbox', '=', sandbox)
      .where('bucket', 'in', [...new Set(some.map((part) => part.bucket))])
      .orderBy('users')
      .execute();
    const sizes = new Map<Part, number>();
    for (const { id, users, ...target } of rows) {
      const part = parts.get(nameOf(target));
      if (!part) continue;
      const size = sizes.get(part) ?? part.users.size;
      if (users > 2 * size) continue;
      sizes.set(part, Math.max(size, users));
      chosen.set(id, part);
    }
  }
  const ids = [...chosen.keys()];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const some = ids.slice(at, at + CHUNK);
    const rows = await trx.selectFrom('user_sums').select(['id', 'body']).where('id', 'in', some).execute();
    for (const { id, body } of rows) addUserSums((chosen.get(id) as Part).users, decodeUserSums(body));
    await trx.deleteFrom('user_sums').where('id', 'in', some).execute();
  }
}

/** The numbers of users, who get one when first seen. */
async function idsOf(
  trx: Transaction<Database>,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const all = [...names];
  for (let at = 0; at < all.length; at += CHUNK) {
    const some = all.slice(at, at + CHUNK);
    const select = () => trx.selectFrom('users').selectAll().where('name', 'in', some).execute();
    let rows = await select();
    if (rows.length < some.length) {
      const known = new Set(rows.map(({ name }) => name));
      const fresh = some.filter((name) => !known.has(name)).map((name) => ({ name }));
      await trx.insertInto('users').values(fresh).execute();
      rows = await select();
    }
    for (const { id, name } of rows) ids.set(name, id);
  }
  return ids;
}

/** Forgets the names of users that no sums speak of any more. */
export async function forgetUsers(trx: Transaction<Database>): Promise<void> {
  const used = new Set<number>();
  const rows = await trx
    .selectFrom('user_sums')
    .select('id')
    .where('grain', '=', USER_GRAIN.id)
    .where('tier', '=', DAY_MS)
    .execute();
  for (let at = 0; at < rows.length; at += CHUNK) {
    const some = rows.slice(at, at + CHUNK).map(({ id }) => id);
    const bodies = await trx.selectFrom('user_sums').select('body').where('id', 'in', some).execute();
    for (const { body } of bodies) for (const user of decodeUserSums(body).users) used.add(user);
  }
  const all = await trx.selectFrom('users').select('id').execute();
  const unused = all.map(({ id }) => id).filter((id) => !used.has(id));
  for (let at = 0; at < unused.length; at += CHUNK)
    await sql`delete from users where id in (${sql.join(unused.slice(at, at + CHUNK))})`.execute(trx);
}
