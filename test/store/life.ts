import { Kysely, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrations/index.ts';
import type { Database } from '../../src/store/schema.ts';
import { makeCall } from '../support/call-records.ts';
import { makeFeedback } from './contract.ts';
import type { TestPlace } from './engines.ts';

/** A store's life on every engine: migration, expiry, reopening. */

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 20, 12);

export function describeLife(createPlace: () => Promise<TestPlace>): void {
  async function withPlace(task: (place: TestPlace) => Promise<void>): Promise<void> {
    const place = await createPlace();
    try {
      await task(place);
    } finally {
      await place.dispose();
    }
  }

  describe('migrations', () => {
    test('stand in order without gaps', () => {
      expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
    });

    test.each(MIGRATIONS.map((_, i) => i))(
      'a database at version %i becomes a working one',
      async (version) => {
        await withPlace(async (place) => {
          const engine = place.createEngine();
          const db = new Kysely<Database>({ dialect: engine.dialect });
          await migrate(db, engine, version);
          await db.destroy();
          const store = await place.open();
          expect(await store.calls.insert([makeCall(NOON)])).toEqual({ inserted: 1 });
          expect((await store.stats()).calls).toBe(1);
          await store.settings.set('a', 'b');
          await store.close();
        });
      },
    );

    test('opening twice changes nothing; opening at once is safe', async () => {
      await withPlace(async (place) => {
        const first = await place.open();
        await first.calls.insert([makeCall(NOON)]);
        await first.close();
        const again = await Promise.all(place.databaseUrl ? [place.open(), place.open()] : [place.open()]);
        for (const store of again) expect((await store.stats()).calls).toBe(1);
        for (const store of again) await store.close();
      });
    });

    test('a database of a newer Trimtab is refused, untouched', async () => {
      await withPlace(async (place) => {
        await (await place.open()).close();
        const engine = place.createEngine();
        const db = new Kysely<Database>({ dialect: engine.dialect });
        await sql`update schema_version set version = 99`.execute(db);
        await db.destroy();
        await expect(place.open()).rejects.toMatchObject({
          code: 'store_unavailable',
          message: expect.stringContaining('version 99'),
        });
      });
    });
  });

  describe('rollups', () => {
    test('calls that nothing read before a close are counted after it, once', async () => {
      await withPlace(async (place) => {
        const first = await place.open();
        await first.calls.insert([makeCall(NOON), makeCall(NOON + 1, { user: 'ann' })]);
        await first.close();
        const window = { since: NOON, until: NOON + DAY_MS, sandbox: false };
        for (let round = 0; round < 2; round++) {
          const store = await place.open();
          const reads = [1, 2, 3].map(() => store.rollups.group(window, ['user'], 5));
          for (const rows of await Promise.all(reads)) expect(rows.map(({ calls }) => calls)).toEqual([1, 1]);
          expect((await store.stats()).calls).toBe(2);
          await store.close();
        }
      });
    });

    test('are written without a read: by number of calls, and by time', async () => {
      await withPlace(async (place) => {
        const clock = createManualClock(NOON);
        const store = await place.open(clock);
        const engine = place.createEngine();
        const db = new Kysely<Database>({ dialect: engine.dialect });
        const pending = async () => (await db.selectFrom('rollup_pending').select('id').execute()).length;
        const insert = (count: number) =>
          store.calls.insert(Array.from({ length: count }, (_, i) => makeCall(NOON + i)));
        for (let batch = 0; batch < 9; batch++) await insert(1000);
        expect(await pending()).toBe(9);
        await insert(1000);
        expect(await pending()).toBe(0);
        await insert(1);
        clock.turn(5000);
        // Behind the fold that the clock began.
        expect((await store.stats()).calls).toBe(10_001);
        expect(await pending()).toBe(0);
        await db.destroy();
        await store.close();
      });
    });
  });

  describe('expiry', () => {
    const retention = { callsDays: 10, payloadsDays: 3, rollupsDays: 400, filesDays: 30 };
    const payload = { request: 'q'.repeat(2000), response: 'a'.repeat(2000) };

    test('deletes what is too old, keeps the rest, and gives the space back', async () => {
      await withPlace(async (place) => {
        const store = await place.open();
        for (let day = 0; day < 20; day++) {
          const at = NOON - day * DAY_MS;
          const makeId = createIdMaker(() => at);
          const calls = Array.from({ length: 400 }, () => makeCall(at, { id: makeId('call'), payload }));
          await store.calls.insert(calls);
        }
        const before = await store.stats();
        expect(before.calls).toBe(8000);
        const removed = await store.expire(retention, NOON + DAY_MS / 2);
        // Midnight: the day ten days ago is gone, the one nine days ago is not.
        expect(removed).toEqual({ calls: 10 * 400, payloads: 17 * 400, rollups: 0 });
        const after = await store.stats();
        expect(after.calls).toBe(10 * 400);
        expect(after.oldest).toBe(NOON - 9 * DAY_MS);
        expect(after.bytes).toBeLessThan(before.bytes * 0.5);
        const kept = { since: NOON - 30 * DAY_MS, until: NOON + DAY_MS, sandbox: false };
        expect((await store.rollups.group(kept, [], 1))[0]?.calls).toBe(8000);
        const [oldest] = await store.calls.list({ until: NOON - 8 * DAY_MS }, { limit: 1 });
        expect((await store.calls.get(oldest?.id ?? ''))?.payload).toBeUndefined();
        const [newest] = await store.calls.list({}, { limit: 1 });
        expect((await store.calls.get(newest?.id ?? ''))?.payload).toEqual(payload);
        expect(await store.expire(retention, NOON + DAY_MS / 2)).toEqual({
          calls: 0,
          payloads: 0,
          rollups: 0,
        });
        await store.close();
      });
    });

    test('rollups and feedback go in their own time; a call that comes after its day is gone is no trouble', async () => {
      await withPlace(async (place) => {
        const store = await place.open();
        const old = makeCall(NOON - 100 * DAY_MS);
        await store.calls.insert([old, makeCall(NOON)]);
        await store.feedback.add(makeFeedback(old.id, 1, { createdAt: NOON - 99 * DAY_MS }));
        const removed = await store.expire(
          { callsDays: 5, payloadsDays: 5, rollupsDays: 30, filesDays: 30 },
          NOON,
        );
        expect(removed.calls).toBe(1);
        expect(removed.rollups).toBeGreaterThan(10);
        expect(await store.feedback.list({ limit: 5 })).toEqual([]);
        const window = { since: NOON - 200 * DAY_MS, until: NOON + DAY_MS, sandbox: false };
        expect((await store.rollups.group(window, [], 1))[0]?.calls).toBe(1);
        expect(await store.rollups.users(window)).toBe(1);
        expect(await store.calls.insert([old, makeCall(NOON - 100 * DAY_MS)])).toEqual({ inserted: 2 });
        await store.close();
      });
    });
  });
}
