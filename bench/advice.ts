/**
 * How long an advice takes: with everything measured over many calls of one task, and again as a slider moves.
 *
 *     node bench/advice.ts --calls 1000000
 *
 * Fills a SQLite store of its own through `insert()`, 30 days of one task, and prints the median and the slowest of each, and
 * the median of the process's CPU time, which other work on the machine stretches less.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { advise } from '../src/advisor/advise.ts';
import { adviseTask } from '../src/advisor/advise-task.ts';
import { computeEconomics } from '../src/advisor/economics/compute.ts';
import type { Quantity } from '../src/advisor/economics/quantity.ts';
import { createProfile } from '../src/advisor/profile/create.ts';
import { SLIDER_DRAWS } from '../src/advisor/what-if/sliders.ts';
import { readTaskEvidence } from '../src/control/advice/task-evidence.ts';
import { systemClock } from '../src/core/clock.ts';
import { createIdMaker } from '../src/core/id.ts';
import { exactly } from '../src/core/interval.ts';
import { silentLogger } from '../src/core/log.ts';
import { createRandom } from '../src/core/random.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';
import { makeCall } from '../test/support/call-records.ts';

const ROUNDS = 9;
const MOVES = 60;
const BATCH = 1_000;
const DAYS = 30;
const DAY_MS = 86_400_000;
const TASK = 'support-reply';
const UNTIL = Date.UTC(2026, 10, 23, 13, 37);

const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000000' } } });
const calls = Number(values.calls);

async function fill(store: Store): Promise<void> {
  const random = createRandom(1);
  let now = 0;
  const makeId = createIdMaker(() => now);
  for (let done = 0; done < calls; done += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, calls - done) }, (_, index) => {
      now = Math.floor(UNTIL - DAYS * DAY_MS + ((done + index) / calls) * DAYS * DAY_MS);
      const inputTokens = 200 + Math.floor(random.uniform() * 2_000);
      return makeCall(now, {
        id: makeId('call'),
        task: TASK,
        requestedModel: TASK,
        user: `user-${Math.floor(random.uniform() * 5_000)}`,
        usage: { inputTokens, outputTokens: 20 + Math.floor(random.uniform() * 500), cacheReadTokens: 0 },
        durationMs: 300 + random.uniform() * 2_000,
        ttftMs: 100 + random.uniform() * 300,
      });
    });
    await store.calls.insert(records);
  }
}

/** Time on the clock and CPU time of all threads, ms. */
interface Taken {
  wallMs: number;
  cpuMs: number;
}

async function timed(work: () => unknown): Promise<Taken> {
  const begin = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - begin, cpuMs: (user + system) / 1_000 };
}

function print(what: string, taken: readonly Taken[]): void {
  const sorted = (pick: (one: Taken) => number) => taken.map(pick).sort((a, b) => a - b);
  const wall = sorted(({ wallMs }) => wallMs);
  const median = (list: number[]): string => (list[list.length >> 1] as number).toFixed(0);
  const slowest = (wall.at(-1) as number).toFixed(0);
  console.log(
    `${what}: median ${median(wall)} ms, slowest ${slowest} ms; CPU ${median(sorted(({ cpuMs }) => cpuMs))} ms`,
  );
}

const dir = mkdtempSync(join(tmpdir(), 'trimtab-advice-'));
const store = await openStore({ databaseUrl: null, dataDir: dir, clock: systemClock, logger: silentLogger });
try {
  await fill(store);
  const read: Taken[] = [];
  const whole: Taken[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    read.push(await timed(() => readTaskEvidence(store, TASK)));
    whole.push(
      await timed(async () => {
        const evidence = await readTaskEvidence(store, TASK);
        return adviseTask({ task: TASK, answers: {}, evidence }, UNTIL);
      }),
    );
  }
  print(`evidence of one task over ${calls} calls`, read);
  print('evidence and advice', whole);

  const evidence = await readTaskEvidence(store, TASK);
  const profile = createProfile({ task: TASK, answers: {}, evidence });
  const economics: Taken[] = [];
  const moves: Taken[] = [];
  const gpuAt = (usd: number): Quantity => ({
    id: 'self.usd-per-gpu-hour',
    value: exactly(usd),
    source: { kind: 'declared', by: 'a slider', at: null },
  });
  for (let move = 0; move < MOVES; move++) {
    const quantities = [gpuAt(1 + move / 10)];
    economics.push(await timed(() => computeEconomics({ seed: 1, at: UNTIL, quantities })));
  }
  for (let move = 0; move < MOVES; move++) {
    const assumptions = [gpuAt(1 + move / 10)];
    moves.push(
      await timed(() => advise({ profile: { ...profile, assumptions }, at: UNTIL, draws: SLIDER_DRAWS })),
    );
  }
  print('economics alone, 2,000 draws', economics);
  print('a slider moved: path, scorecard, economics, flip points', moves);
} finally {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
}
