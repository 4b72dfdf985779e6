/**
 * How long the queries of the Overview, Task and Calls pages take over many calls.
 *
 *     node bench/pages/pages.ts --calls 10000000 --engine sqlite|postgres [--dir <folder kept for the next run>]
 *
 * Fills a store through `insert()` itself, in batches of 1,000, with calls spread evenly over 30 days (`--days`), 20 tasks,
 * 8 deployments and 5 keys, by 12,000 users of whom the nth most active makes 1/n of the first one's calls
 * (`--users even`: all the same), then prints the median and the slowest of each page's queries, run all
 * at once as the API does. `postgres` takes DATABASE_URL, else brings up a server of its own.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CallRecord } from '../../src/core/call-record.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { CallFilter, RollupFilter, Store } from '../../src/store/store.ts';
import { makeCall } from '../../test/support/call-records.ts';
import { startPostgres } from '../../test/support/postgres.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BATCH = 1000;
const INSERTS_AT_ONCE = 3;
const ROUNDS = 7;
const TASKS = 20;
const DEPLOYMENTS = 8;
const KEYS = 5;
const USERS = 12_000;
/** As pages show: src/control/figures.ts. */
const TOP_ROWS = 20;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    engine: { type: 'string', default: 'sqlite' },
    dir: { type: 'string' },
    users: { type: 'string', default: 'zipf' },
    days: { type: 'string', default: '30' },
  },
});
const calls = Number(values.calls);
const DAYS = Number(values.days);
/** A fixed moment inside an hour, so that a kept folder stays comparable. */
const FILLED_UNTIL = Date.UTC(2026, 10, 23, 13, 37);

let now = 0;
const makeId = createIdMaker(() => now);

/** Small and seeded: the same calls every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Shares of the calls up to and including the nth user, for a search of the nth. */
const shares = new Float64Array(USERS);
for (let n = 0, sum = 0; n < USERS; n++) {
  sum += values.users === 'even' ? 1 : 1 / (n + 1);
  shares[n] = sum;
}

function pickUser(random: (below: number) => number): number {
  const wanted = (random(2 ** 30) / 2 ** 30) * (shares[USERS - 1] as number);
  let low = 0;
  for (let high = USERS - 1; low < high; ) {
    const middle = (low + high) >> 1;
    if ((shares[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

function makeRecord(at: number, random: (below: number) => number): CallRecord {
  const deployment = `deployment-${random(DEPLOYMENTS)}`;
  const outcome = random(50) === 0 ? 'error' : 'ok';
  const task = `task-${random(TASKS)}`;
  now = at;
  return makeCall(at, {
    id: makeId('call'),
    task,
    requestedModel: task,
    deployment,
    outcome,
    user: `user-${pickUser(random)}`,
    keyId: `key_01kar2m5c8q4hhw1yxe0j7f3a${random(KEYS)}`,
    usage: { inputTokens: 200 + random(2000), outputTokens: 20 + random(500), cacheReadTokens: random(200) },
    costNanoUsd: random(100) === 0 ? null : 100_000 + random(900_000),
    durationMs: 300 + random(500) ** 2 / 100,
    ttftMs: 100 + random(300),
  });
}

async function fill(store: Store): Promise<void> {
  const random = createRandom(1);
  const begin = performance.now();
  const running: Promise<unknown>[] = [];
  for (let done = 0; done < calls; done += BATCH) {
    const size = Math.min(BATCH, calls - done);
    const records = Array.from({ length: size }, (_, i) =>
      makeRecord(Math.floor(FILLED_UNTIL - DAYS * DAY_MS + ((done + i) / calls) * DAYS * DAY_MS), random),
    );
    // A few at once, so that a server works while the next batch is made.
    running.push(store.calls.insert(records));
    if (running.length >= INSERTS_AT_ONCE) await running.shift();
    if (done % 500_000 === 0 && done > 0)
      console.log(`  ${done} calls, ${Math.round((done / (performance.now() - begin)) * 1000)} per second`);
  }
  await Promise.all(running);
  console.log(`filled at ${Math.round((calls / (performance.now() - begin)) * 1000)} calls per second`);
}

/** What src/control/handlers/overview.ts asks, at once as it does. */
async function overview(store: Store, window: RollupFilter, bucketMs: number): Promise<void> {
  const { rollups } = store;
  const before = { ...window, since: 2 * window.since - window.until, until: window.since };
  await store.calls.presence();
  await Promise.all([
    rollups.group(window, [], 1),
    rollups.latency(window, null),
    rollups.group(before, [], 1),
    rollups.series(window, bucketMs),
    rollups.group(window, ['task'], TOP_ROWS),
    rollups.latency(window, 'task'),
    rollups.group(window, ['user'], TOP_ROWS),
    rollups.group(window, ['deployment'], TOP_ROWS),
    rollups.latency(window, 'deployment'),
    rollups.users(window),
    rollups.group({ ...window, task: 'untasked' }, ['deployment'], TOP_ROWS),
  ]);
}

/** What src/control/handlers/tasks.ts asks for one task. */
async function taskPage(store: Store, window: RollupFilter, bucketMs: number): Promise<void> {
  const { rollups } = store;
  const filter = { ...window, task: 'task-7' };
  await store.calls.presence();
  await rollups.group(filter, [], 1);
  await Promise.all([
    rollups.latency(filter, null),
    rollups.users(filter),
    rollups.group({ ...filter, since: 2 * window.since - window.until, until: window.since }, [], 1),
    rollups.series(filter, bucketMs),
    rollups.group(filter, ['user'], TOP_ROWS),
    rollups.group(filter, ['deployment'], TOP_ROWS),
    rollups.latency(filter, 'deployment'),
    store.feedback.list({ task: 'task-7', since: window.since, limit: 20 }),
    store.revisions.history(200),
  ]);
}

/** What the list of tasks asks. */
async function tasksPage(store: Store, window: RollupFilter): Promise<void> {
  const { rollups } = store;
  await store.calls.presence();
  const [rows] = await Promise.all([rollups.group(window, ['task'], 1000), rollups.latency(window, 'task')]);
  await Promise.all(rows.map(({ task }) => rollups.users({ ...window, task: task ?? '' })));
}

async function measure(name: string, page: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    await page();
    took.push(performance.now() - begin);
  }
  const first = took[0] as number;
  took.sort((a, b) => a - b);
  const [median, worst] = [took[ROUNDS >> 1] as number, took.at(-1) as number];
  console.log(
    `${name.padEnd(44)} median ${median.toFixed(1).padStart(7)} ms   first ${first.toFixed(1).padStart(7)}   slowest ${worst.toFixed(1).padStart(7)}`,
  );
}

async function measurePages(store: Store): Promise<void> {
  // Of a fill that was cut short, the end that was reached.
  const [newest] = await store.calls.list({}, { limit: 1 });
  const until = newest?.startedAt ?? FILLED_UNTIL;
  for (const [label, length, bucketMs] of [
    ['24 hours', DAY_MS, HOUR_MS],
    ['7 days', 7 * DAY_MS, 6 * HOUR_MS],
    ['30 days', 30 * DAY_MS, DAY_MS],
  ] as const) {
    const window: RollupFilter = { since: until - length, until, sandbox: false };
    await measure(`Overview, ${label}`, () => overview(store, window, bucketMs));
    await measure(`Task, ${label}`, () => taskPage(store, window, bucketMs));
    await measure(`Tasks, ${label}`, () => tasksPage(store, window));
    await measure(`  of which top users, ${label}`, () => store.rollups.group(window, ['user'], 10));
    await measure(`  of which count of users, ${label}`, () => store.rollups.users(window));
  }
  const filters: Record<string, CallFilter> = {
    all: {},
    task: { task: 'task-3' },
    user: { user: 'user-99' },
    deployment: { deployment: 'deployment-2' },
    key: { key: 'key_01kar2m5c8q4hhw1yxe0j7f3a2' },
    'user and deployment': { user: 'user-99', deployment: 'deployment-2' },
    'task, user and errors': { task: 'task-3', user: 'user-99', outcome: 'error' },
    errors: { outcome: 'error', sandbox: false },
    'client left (none)': { outcome: 'client_left' },
    sandbox: { sandbox: true },
    'slow (2,000 ms)': { minDurationMs: 2000 },
    'slow (60,000 ms, none)': { minDurationMs: 60_000 },
    unpriced: { unpriced: true },
    'one day, three weeks ago': { since: until - 21 * DAY_MS, until: until - 20 * DAY_MS },
    'task, three weeks ago': { task: 'task-3', since: until - 21 * DAY_MS, until: until - 20 * DAY_MS },
    'search for a user': { search: 'user-1234' },
    'search for nothing there': { search: 'nobody' },
  };
  for (const [name, filter] of Object.entries(filters))
    await measure(`Calls, ${name}`, () => store.calls.list(filter, { limit: 50 }));
  await measure('stats', () => store.stats());
}

const kept = values.dir !== undefined;
const dataDir = values.dir ?? mkdtempSync(join(tmpdir(), 'trimtab-pages-'));
if (kept) mkdirSync(dataDir, { recursive: true });
const ready = kept && existsSync(join(dataDir, 'trimtab.db'));
const own = values.engine === 'postgres' && !process.env.DATABASE_URL ? await startPostgres() : undefined;
const databaseUrl = values.engine === 'postgres' ? (own?.url ?? process.env.DATABASE_URL ?? null) : null;
try {
  const store = await openStore({ dataDir, databaseUrl, logger: silentLogger, clock: systemClock });
  if (!ready) await fill(store);
  console.log(`CPU of the filling process: ${Math.round(process.cpuUsage().user / 1e6)} s user`);
  console.log(JSON.stringify(await store.stats()));
  await measurePages(store);
  await store.close();
} finally {
  await own?.dispose();
  if (!kept) rmSync(dataDir, { recursive: true, force: true });
}
