import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordOf } from '../../test/evidence/records.ts';
import { createManualClock, type ManualClock } from '../core/clock.ts';
import type { LogFields, Logger } from '../core/log.ts';
import { parseLine, toLine } from './record-line.ts';
import { listSegments } from './segments.ts';
import { openSpool, type SpoolOptions } from './spool.ts';

let root: string;
let dir: string;
let clock: ManualClock;
let logged: { level: string; fields: LogFields; message: string }[];
let appended: number;

const log = (level: string) => (fields: LogFields, message: string) =>
  void logged.push({ level, fields, message });
const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trimtab-spool-'));
  dir = join(root, 'spool');
  clock = createManualClock(Date.UTC(2026, 10, 23));
  logged = [];
  appended = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

const LINE_BYTES = toLine(recordOf('call_10')).length + 1;

const open = (more: Partial<SpoolOptions> = {}) =>
  openSpool({ dir, maxBytes: 2 ** 30, logger, onAppend: () => appended++, clock, ...more });

function ids(): string[] {
  return listSegments(dir).flatMap(({ path }) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => parseLine(line)?.id as string),
  );
}

describe('take', () => {
  test('has the whole record in the file when it returns', () => {
    const spool = open();
    const record = recordOf('call_1', { user: 'Zoë 🙂', tags: { note: 'a\nb' } });
    spool.take(record);
    const [segment] = listSegments(dir);
    const text = readFileSync(segment?.path as string, 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    expect(parseLine(text)).toEqual(record);
    spool.close();
  });

  test('takes records larger than its buffer', () => {
    const spool = open();
    const payload = { request: '"é\u2028'.repeat(100_000), response: 'y'.repeat(70_000) };
    const record = recordOf('call_1', { payload });
    spool.take(record);
    spool.take(recordOf('call_2'));
    spool.close();
    expect(ids()).toEqual(['call_1', 'call_2']);
    expect(
      parseLine(readFileSync(listSegments(dir)[0]?.path as string, 'utf8').split('\n')[0] as string),
    ).toEqual(record);
  });

  test('keeps files from other users', () => {
    open().close();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(listSegments(dir)[0]?.path as string).mode & 0o777).toBe(0o600);
  });

  test('says so when a record is not JSON, and goes on', () => {
    const spool = open();
    spool.take(recordOf('call_1', { durationMs: 1n as unknown as number }));
    spool.take(recordOf('call_2'));
    spool.close();
    expect(ids()).toEqual(['call_2']);
    expect(logged).toMatchObject([{ level: 'error', fields: { call: 'call_1' } }]);
  });

  test('tells of appends 25 ms after the first, then at most once per 100 ms, and after the last', () => {
    const spool = open();
    for (let n = 0; n < 10; n++) spool.take(recordOf(`call_${n}`));
    expect(appended).toBe(0);
    clock.turn(25);
    expect(appended).toBe(1);
    spool.take(recordOf('call_x'));
    clock.turn(99);
    expect(appended).toBe(1);
    clock.turn(1);
    expect(appended).toBe(2);
    clock.turn(1000);
    expect(appended).toBe(2);
    spool.take(recordOf('call_y'));
    clock.turn(25);
    expect(appended).toBe(3);
    spool.close();
  });
});

describe('segments', () => {
  test('follow one another by size, in order, whatever the clock does', () => {
    let now = clock.now();
    const spool = open({ segmentBytes: LINE_BYTES * 2.7, clock: { ...clock, now: () => (now -= 1000) } });
    const taken = Array.from({ length: 20 }, (_, n) => `call_${n}`);
    for (const id of taken) spool.take(recordOf(id));
    expect(listSegments(dir).length).toBeGreaterThan(5);
    expect(ids()).toEqual(taken);
    spool.close();
  });

  test('follow one another by age, but only when they hold records', () => {
    const spool = open();
    clock.turn(60_000);
    expect(listSegments(dir)).toHaveLength(1);
    spool.take(recordOf('call_1'));
    clock.turn(10_000);
    expect(listSegments(dir).map(({ bytes }) => bytes > 0)).toEqual([true, false]);
    clock.turn(60_000);
    expect(listSegments(dir)).toHaveLength(2);
    spool.close();
  });

  test('a new writer never touches what an earlier one left, torn or not', () => {
    const first = open();
    first.take(recordOf('call_1'));
    const [left] = listSegments(dir);
    writeFileSync(left?.path as string, '{"id":"call_2","star', { flag: 'a' });
    const bytes = statSync(left?.path as string).size;
    const second = open();
    second.take(recordOf('call_3'));
    expect(statSync(left?.path as string).size).toBe(bytes);
    expect(listSegments(dir)).toHaveLength(2);
    first.close();
    second.close();
  });

  test('closing leaves an empty newest one, so that the drain may delete the rest', () => {
    const spool = open();
    spool.take(recordOf('call_1'));
    spool.close();
    spool.close();
    expect(listSegments(dir).map(({ bytes }) => bytes > 0)).toEqual([true, false]);
    expect(appended).toBe(1);
  });
});

describe('over maxBytes', () => {
  test('the state is full, calls under way are still written, and it ends when the drain made room', () => {
    const spool = open({ maxBytes: Math.round(LINE_BYTES * 17.9) });
    for (let n = 0; n < 16; n++) spool.take(recordOf(`call_${n}`));
    expect(spool.state).toBe('ok');
    for (let n = 16; n < 19; n++) spool.take(recordOf(`call_${n}`));
    expect(spool.state).toBe('full');
    expect(ids()).toHaveLength(19);
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    for (let n = 19; n < 30; n++) spool.take(recordOf(`call_${n}`));
    const written = ids();
    expect(written.length).toBeLessThan(30);

    clock.turn(1000);
    expect(spool.state).toBe('full');
    for (const { path } of listSegments(dir).slice(0, -1)) unlinkSync(path);
    clock.turn(250);
    expect(spool.state).toBe('ok');
    const all = [...new Set([...written, ...ids()])];
    expect(all).toEqual(Array.from({ length: 30 }, (_, n) => `call_${n}`));
    expect(logged.at(-1)).toMatchObject({ level: 'warn', fields: { lost: 0 } });
    spool.close();
  });

  test('knows at once when an earlier process left too much', () => {
    const first = open();
    for (let n = 0; n < 10; n++) first.take(recordOf(`call_${n}`));
    first.close();
    const second = open({ maxBytes: LINE_BYTES * 5 });
    expect(second.state).toBe('full');
    second.close();
  });
});

describe('a folder that cannot be written', () => {
  test('shows as full, keeps records in memory, and heals', () => {
    writeFileSync(dir, 'a file stands in the way');
    const spool = open();
    expect(spool.state).toBe('full');
    spool.take(recordOf('call_1'));
    clock.turn(1000);
    expect(spool.state).toBe('full');
    expect(logged).toHaveLength(1);
    unlinkSync(dir);
    clock.turn(250);
    expect(spool.state).toBe('ok');
    expect(ids()).toEqual(['call_1']);
    spool.close();
  });

  test('memory is bounded: what is over it is lost, counted and said', () => {
    writeFileSync(dir, 'a file stands in the way');
    const spool = open({ maxQueuedBytes: LINE_BYTES * 2.7 });
    for (let n = 0; n < 10; n++) spool.take(recordOf(`call_${n}`));
    unlinkSync(dir);
    clock.turn(250);
    expect(ids()).toEqual(['call_0', 'call_1']);
    expect(logged.at(-1)).toMatchObject({ fields: { waited: 2, lost: 8 } });
    expect(logged.filter(({ message }) => message.includes('being lost'))).toHaveLength(1);
    spool.close();
  });

  test('a folder removed under a running writer comes back', () => {
    const spool = open();
    spool.take(recordOf('call_1'));
    rmSync(dir, { recursive: true });
    clock.turn(10_000);
    spool.take(recordOf('call_2'));
    expect(ids()).toEqual(['call_2']);
    spool.close();
  });
});
