/** Kept responses, on both engines. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeptResponse, Store } from '../../src/store/store.ts';
import { postgresPlace, sqlitePlace, type TestPlace } from './engines.ts';

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const)('responses on %s', (_, createPlace) => {
  let place: TestPlace;
  let store: Store;
  beforeAll(async () => {
    place = await createPlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store?.close();
    await place?.dispose();
  });

  let keys = 0;
  const turn = (id: string, previousId: string | null, change: Partial<KeptResponse> = {}): KeptResponse => ({
    keyId: `key_${keys}`,
    id,
    previousId,
    items: `["${id}"]`,
    dataClass: 'internal',
    at: 1_000,
    ...change,
  });
  const conversation = (id: string, at = 1_000) =>
    store.responses.conversation({ keyId: `key_${keys}`, id, at });

  test('come back oldest first, with the highest data class', async () => {
    keys++;
    await store.responses.keep(turn('a', null));
    await store.responses.keep(turn('b', 'a', { dataClass: 'confidential' }));
    await store.responses.keep(turn('c', 'b', { dataClass: 'public' }));
    await store.responses.keep(turn('x', 'a'));
    expect(await conversation('c')).toEqual({
      items: ['["a"]', '["b"]', '["c"]'],
      dataClass: 'confidential',
    });
    expect(await conversation('x')).toEqual({ items: ['["a"]', '["x"]'], dataClass: 'internal' });
    expect(await conversation('y')).toBeUndefined();
  });

  test('are their key’s alone, and kept once', async () => {
    keys++;
    await store.responses.keep(turn('a', null));
    await store.responses.keep(turn('a', null, { items: '["other"]' }));
    await store.responses.keep(turn('a', null, { keyId: 'key_else', items: '["else"]' }));
    expect((await conversation('a'))?.items).toEqual(['["a"]']);
    await store.responses.keep(turn('b', 'a', { keyId: 'key_third' }));
    expect(await store.responses.conversation({ keyId: 'key_third', id: 'b', at: 1_000 })).toBeUndefined();
  });

  test('go when they were not used for long, and a conversation without its beginning is none', async () => {
    keys++;
    await store.responses.keep(turn('a', null, { at: 10 }));
    await store.responses.keep(turn('b', 'a', { at: 20 }));
    await store.responses.keep(turn('old', null, { at: 10 }));
    await store.responses.keep(turn('new', 'old', { at: 900 }));
    await conversation('b', 500);
    await store.responses.expire(400);
    expect((await conversation('b', 500))?.items).toEqual(['["a"]', '["b"]']);
    expect(await conversation('old')).toBeUndefined();
    expect(await conversation('new')).toBeUndefined();
  });
});
