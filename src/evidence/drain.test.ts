import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordOf } from '../../test/evidence/records.ts';
import type { CallRecord } from '../core/call-record.ts';
import { createManualClock, type ManualClock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import { type LogFields, type Logger, silentLogger } from '../core/log.ts';
import { createDrain, type DrainOptions } from './drain.ts';
import { toLine } from './record-line.ts';
import { listSegments } from './segments.ts';
import { openSpool } from './spool.ts';

let root: string;
let dir: string;
let clock: ManualClock;
let logged: { level: string; fields: LogFields; message: string }[];

const log = (level: string) => (fields: LogFields, message: string) =>
  void logged.push({ level, fields, message });
const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trimtab-drain-'));
  dir = join(root, 'spool');
  clock = createManualClock(Date.UTC(2026, 10, 23));
  logged = [];
});
afterEach(() => rmSync(root, { recursive: true }));

/** A store in memory with the contract of the real one: idempotent by id, all or none. */
function createShelf() {
  const rows = new Map<string, CallRecord>();
  const shelf = {
    rows,
    batches: [] as number[],
    trouble: undefined as ((records: readonly CallRecord[]) => unknown) | undefined,
    insert: async (records: readonly CallRecord[]) => {
      const error = shelf.trouble?.(records);
      if (error) throw error;
      shelf.batches.push(records.length);
      const before = rows.size;
      for (const record of records) if (!rows.has(record.id)) rows.set(record.id, record);
      return { inserted: rows.size - before };
    },
  };
  return shelf;
}

const away = () => new TrimtabError('store_unavailable', 'The database does not answer.');
const drainOf = (shelf: Pick<DrainOptions, 'insert'>, more: Partial<DrainOptions> = {}) =>
  createDrain({ dir, insert: shelf.insert, logger, clock, ...more });
const spoolOf = (segmentBytes?: number) =>
  openSpool({
    dir,
    maxBytes: 2 ** 30,
    logger: silentLogger,
    onAppend: () => {},
    clock,
    ...(segmentBytes && { segmentBytes }),
  });

/** Turns the clock and lets the drain's promises run until `done`. */
async function turnUntil(done: () => boolean): Promise<void> {
  for (let n = 0; n < 10_000 && !done(); n++) {
    clock.turn(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(done()).toBe(true);
}

function write(name: string, text: string): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), text);
}

const lineOf = (id: string, more: Partial<CallRecord> = {}) => `${toLine(recordOf(id, more))}\n`;

describe('a drain', () => {
  test('stores what earlier processes left, in order, and deletes all but the newest segment', async () => {
    write('1700000000000.jsonl', lineOf('call_1') + lineOf('call_2'));
    write('1700000000001.jsonl', lineOf('call_3'));
    write('notes.txt', 'not ours');
    const shelf = createShelf();
    const drain = drainOf(shelf);
    await drain.stop();
    expect([...shelf.rows.keys()]).toEqual(['call_1', 'call_2', 'call_3']);
    expect(listSegments(dir).map(({ name }) => name)).toEqual(['1700000000001.jsonl']);
    expect(drain.pendingBytes()).toBe(0);
    expect(existsSync(join(dir, 'notes.txt'))).toBe(true);
  });

  test('reads the lines of an earlier version, which are objects', async () => {
    const former = `${JSON.stringify(recordOf('call_1'))}\n`;
    write('1700000000000.jsonl', former + lineOf('call_2'));
    const shelf = createShelf();
    await drainOf(shelf).stop();
    expect([...shelf.rows.values()]).toEqual([recordOf('call_1'), recordOf('call_2')]);
    expect(logged).toEqual([]);
  });

  test('follows a writer across segments, loses nothing, and leaves no file behind', async () => {
    const spool = spoolOf(4000);
    const shelf = createShelf();
    const drain = drainOf(shelf);
    for (let n = 0; n < 100; n++) {
      spool.take(recordOf(`call_${n}`));
      if (n % 7 === 0) drain.wake();
      if (n % 13 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await turnUntil(() => shelf.rows.size === 100);
    spool.close();
    await drain.stop();
    expect([...shelf.rows.keys()]).toEqual(Array.from({ length: 100 }, (_, n) => `call_${n}`));
    expect(listSegments(dir).map(({ bytes }) => bytes)).toEqual([0]);
  });

  test('never reads a line before its end is written', async () => {
    const shelf = createShelf();
    const drain = drainOf(shelf);
    const line = lineOf('call_1');
    write('1700000000000.jsonl', '');
    for (const part of [line.slice(0, 10), line.slice(10, -1)]) {
      appendFileSync(join(dir, '1700000000000.jsonl'), part);
      drain.wake();
      clock.turn(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(shelf.rows.size).toBe(0);
    expect(drain.pendingBytes()).toBe(line.length - 1);
    appendFileSync(join(dir, '1700000000000.jsonl'), '\n');
    await drain.stop();
    expect(shelf.rows.size).toBe(1);
    expect(logged).toEqual([]);
  });

  test('batches by count and by size, whatever the size of a line', async () => {
    const big = lineOf('call_big', { payload: { request: 'x'.repeat(3e6), response: '' } });
    const many = Array.from({ length: 1200 }, (_, n) => lineOf(`call_${n}`, { attempts: [] })).join('');
    write('1700000000000.jsonl', many + big + lineOf('call_last'));
    const shelf = createShelf();
    await drainOf(shelf).stop();
    expect(shelf.rows.size).toBe(1202);
    expect(Math.max(...shelf.batches)).toBe(1000);
    expect(shelf.rows.get('call_big')?.payload?.request).toHaveLength(3e6);
  });

  test('skips a torn last line loudly, and takes one that lacks only its newline', async () => {
    write('1700000000000.jsonl', `${lineOf('call_1')}{"id":"call_2","startedAt":17`);
    write('1700000000001.jsonl', lineOf('call_3').trimEnd());
    write('1700000000002.jsonl', '');
    const shelf = createShelf();
    await drainOf(shelf).stop();
    expect([...shelf.rows.keys()]).toEqual(['call_1', 'call_3']);
    expect(logged).toMatchObject([{ level: 'warn', fields: { bytes: 29 }, message: /torn/ }].map(matcher));
    expect(listSegments(dir)).toHaveLength(1);
  });

  test('tells of stored records, but not of those stored before', async () => {
    write('1700000000000.jsonl', lineOf('call_1'));
    const shelf = createShelf();
    const told: string[] = [];
    const onInserted = (records: readonly CallRecord[]) => void told.push(...records.map(({ id }) => id));
    await drainOf(shelf, { onInserted }).stop();
    await drainOf(shelf, { onInserted }).stop();
    expect(told).toEqual(['call_1']);
  });
});

describe('when the store is away', () => {
  test('it waits 100 ms, then twice as long up to 5 s, and stores each record once', async () => {
    write('1700000000000.jsonl', lineOf('call_1') + lineOf('call_2'));
    const shelf = createShelf();
    const tried: number[] = [];
    shelf.trouble = () => {
      tried.push(clock.now());
      return away();
    };
    const drain = drainOf(shelf);
    await turnUntil(() => tried.length === 9);
    const waits = tried.slice(1).map((at, n) => at - (tried[n] as number));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000].map((ms) => expect.closeTo(ms, -2)));
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(drain.pendingBytes()).toBe(lineOf('call_1').length * 2);
    shelf.trouble = undefined;
    await turnUntil(() => shelf.rows.size === 2);
    expect(logged.at(-1)?.message).toMatch(/again/);
    await drain.stop();
    expect(shelf.batches).toEqual([2]);
  });

  test('a stop does not wait for it, and keeps the records', async () => {
    write('1700000000000.jsonl', lineOf('call_1'));
    const shelf = createShelf();
    shelf.trouble = away;
    await drainOf(shelf).stop();
    shelf.trouble = undefined;
    await drainOf(shelf).stop();
    expect(shelf.rows.size).toBe(1);
  });
});

describe('records the store refuses', () => {
  const poisoned = (id: string) => (records: readonly CallRecord[]) =>
    records.some((record) => record.id === id) ? new Error('value out of range') : undefined;

  test('are put aside, and only they', async () => {
    write('1700000000000.jsonl', Array.from({ length: 50 }, (_, n) => lineOf(`call_${n}`)).join(''));
    write('1700000000001.jsonl', lineOf('call_after'));
    const shelf = createShelf();
    shelf.trouble = poisoned('call_33');
    const drain = drainOf(shelf);
    await turnUntil(() => shelf.rows.has('call_after'));
    await drain.stop();
    expect(shelf.rows.size).toBe(50);
    const [aside] = readFileSync(join(dir, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
    const { reason, line } = JSON.parse(aside as string);
    expect(reason).toContain('value out of range');
    expect(JSON.parse(line)).toEqual(recordOf('call_33'));
    expect(logged.some(({ level, message }) => level === 'error' && message.includes('put aside'))).toBe(
      true,
    );
  });

  test('wait while alone, and are put aside once a later record shows that the store works', async () => {
    const spool = spoolOf();
    spool.take(recordOf('call_0'));
    clock.turn(10_000);
    const shelf = createShelf();
    let tries = 0;
    shelf.trouble = (records) => {
      if (records[0]?.id === 'call_0') tries++;
      return poisoned('call_0')(records);
    };
    const drain = drainOf(shelf);
    await turnUntil(() => tries === 6);
    expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);
    spool.take(recordOf('call_1'));
    await turnUntil(() => existsSync(join(dir, 'rejected.jsonl')));
    spool.close();
    await drain.stop();
    expect([...shelf.rows.keys()]).toEqual(['call_1']);
    expect(readFileSync(join(dir, 'rejected.jsonl'), 'utf8').split('\n')).toHaveLength(2);
  });

  test('do not include those after others the store has already: taking these again proves nothing', async () => {
    write('1700000000000.jsonl', ['call_0', 'call_1', 'call_2', 'call_3'].map((id) => lineOf(id)).join(''));
    const shelf = createShelf();
    // What a process left that died after it stored two of them, and before it could say so.
    await shelf.insert([recordOf('call_0'), recordOf('call_1')]);
    let tries = 0;
    let broken = true;
    shelf.trouble = (records) => {
      if (!broken || records.every(({ id }) => shelf.rows.has(id))) return undefined;
      tries++;
      return new Error('no such table');
    };
    const drain = drainOf(shelf);
    await turnUntil(() => tries > 20);
    expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);
    broken = false;
    await turnUntil(() => shelf.rows.size === 4);
    await drain.stop();
    expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);
  });

  test('are put aside though all else around them is stored already, once a new record is stored', async () => {
    const ids = Array.from({ length: 1200 }, (_, n) => `call_${n}`);
    write('1700000000000.jsonl', ids.map((id) => lineOf(id)).join('') + lineOf('call_new'));
    const shelf = createShelf();
    await shelf.insert(ids.filter((id) => id !== 'call_7').map((id) => recordOf(id)));
    shelf.trouble = poisoned('call_7');
    const drain = drainOf(shelf);
    await turnUntil(() => existsSync(join(dir, 'rejected.jsonl')));
    await drain.stop();
    expect(shelf.rows.has('call_new')).toBe(true);
    expect(readFileSync(join(dir, 'rejected.jsonl'), 'utf8').split('\n')).toHaveLength(2);
  });

  test('do not include those of an outage with an unknown error: they wait', async () => {
    write('1700000000000.jsonl', Array.from({ length: 20 }, (_, n) => lineOf(`call_${n}`)).join(''));
    const shelf = createShelf();
    let tries = 0;
    shelf.trouble = () => (++tries < 150 ? new Error('database disk image is malformed') : undefined);
    const drain = drainOf(shelf);
    await turnUntil(() => shelf.rows.size === 20);
    expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);
    await drain.stop();
  });

  test('lines that are not records are put aside as they are', async () => {
    write('1700000000000.jsonl', `${lineOf('call_1')}\u0000\u0000garbage\n{"id":7}\n${lineOf('call_2')}`);
    const shelf = createShelf();
    await drainOf(shelf).stop();
    expect([...shelf.rows.keys()]).toEqual(['call_1', 'call_2']);
    const aside = readFileSync(join(dir, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
    expect(aside.map((line) => JSON.parse(line).line)).toEqual(['\u0000\u0000garbage', '{"id":7}']);
  });
});

test('whatever fails and whenever it restarts, every record arrives once', async () => {
  const plan = fc.array(fc.constantFrom('take', 'wake', 'away', 'back', 'restart', 'torn', 'turn'), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(plan, fc.integer({ min: 1200, max: 9000 }), async (steps, segmentBytes) => {
      rmSync(dir, { recursive: true, force: true });
      const shelf = createShelf();
      let spool = spoolOf(segmentBytes);
      let drain = drainOf(shelf);
      let taken = 0;
      for (const step of steps) {
        if (step === 'take') for (let n = 0; n < 5; n++) spool.take(recordOf(`call_${taken++}`));
        if (step === 'wake') drain.wake();
        if (step === 'away') shelf.trouble = away;
        if (step === 'back') shelf.trouble = undefined;
        if (step === 'turn') clock.turn(500);
        if (step === 'torn') {
          const newest = listSegments(dir).at(-1)?.path as string;
          appendFileSync(newest, '{"id":"call_torn","sta');
        }
        if (step === 'restart' || step === 'torn') {
          spool.close();
          await drain.stop();
          spool = spoolOf(segmentBytes);
          drain = drainOf(shelf);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      shelf.trouble = undefined;
      spool.close();
      await drain.stop();
      await drainOf(shelf).stop();
      expect([...shelf.rows.keys()].sort()).toEqual(
        Array.from({ length: taken }, (_, n) => `call_${n}`).sort(),
      );
      expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);
    }),
    { numRuns: 40 },
  );
});

function matcher(entry: { level: string; fields: LogFields; message: RegExp }) {
  return { ...entry, message: expect.stringMatching(entry.message) };
}
