import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import type { SettingStore } from './store.ts';

export function createSettingStore(db: Kysely<Database>): SettingStore {
  const get = async (name: string) => {
    const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
    return row?.value;
  };
  return {
    get,
    async set(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
    async remove(name) {
      await db.deleteFrom('settings').where('name', '=', name).execute();
    },
    async withPrefix(prefix) {
      const rows = await db.selectFrom('settings').selectAll().where('name', 'like', `${prefix}%`).execute();
      // SQLite's LIKE does not tell capitals from small letters.
      const own = rows.filter(({ name }) => name.startsWith(prefix));
      return new Map(own.map(({ name, value }) => [name.slice(prefix.length), value]));
    },
    async setIfAbsent(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return (await get(name)) ?? value;
    },
  };
}
