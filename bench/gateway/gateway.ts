/**
 * What a call through Trimtab costs, next to a bare `node:http` + undici proxy that does nothing else.
 *
 *   node bench/gateway/gateway.ts [--translate] [--portkey] [--quick] [--rounds N] [--calls N] [--soak N] [--only full|gateway] [--node="flags"] [--json]
 *
 * `--translate`: also an app of chat before a vendor of the messages protocol. `--portkey`: also the Portkey gateway on the same work.
 *
 * One process makes the load, one is the vendor, the others are measured in turn. CPU is user + system time of the whole
 * measured process (all its threads) per call; latency is the median at one connection. Rounds are interleaved, and
 * each figure is the median over rounds, so that a busy machine moves both sides: read the ratios.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENVIRONMENT, NODE_FLAGS } from '../../src/cli/small-memory.ts';
import type { Figures } from './figures.ts';
import { createLoad, type Kind, type Load } from './load.ts';

const GOAL = 1.55;
const GOAL_RSS_MB = 180;
const CONNECTIONS = 16;
const KINDS: readonly Kind[] = ['plain', 'stream'];

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    calls: { type: 'string' },
    translate: { type: 'boolean', default: false },
    portkey: { type: 'boolean', default: false },
    soak: { type: 'string' },
    only: { type: 'string' },
    node: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 5 : 15));
const calls = Number(flags.calls ?? (flags.quick ? 1_000 : 3_000));

interface Subject {
  name: string;
  child: ChildProcess | null;
  load: Load;
}

const children: ChildProcess[] = [];
const TRANSLATED = ', translated';

async function start(file: string, args: string[] = []): Promise<{ child: ChildProcess; url: string }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  // Trimtab runs as `trimtab start` runs it; the others as Node runs by itself.
  const isOurs = file === './trimtab.ts';
  const child = fork(path, args, {
    env: { ...process.env, ...(isOurs ? ENVIRONMENT : {}), BENCH_VENDOR_KEY: 'vendor-key' },
    // Portkey writes a banner.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: flags.node ? flags.node.split(' ') : isOurs ? NODE_FLAGS : [],
  });
  children.push(child);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { child, url };
}

async function figuresOf(child: ChildProcess): Promise<Figures> {
  child.send('figures');
  const [figures] = (await once(child, 'message')) as [Figures];
  return figures;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

interface Measured {
  cpuUs: number[];
  latencyUs: number[];
}

async function measureRound(subject: Subject, kind: Kind, into: Measured): Promise<void> {
  const count = kind === 'plain' ? calls : Math.ceil(calls / 2);
  if (subject.child) {
    const before = await figuresOf(subject.child);
    await subject.load.run(kind, { count, connections: CONNECTIONS });
    const after = await figuresOf(subject.child);
    into.cpuUs.push((after.cpuUs - before.cpuUs) / count);
  }
  const latencies = await subject.load.run(kind, { count: Math.ceil(count / 5), connections: 1 });
  into.latencyUs.push(median(latencies));
}

async function compare(subjects: Subject[]): Promise<Map<string, Measured>> {
  const results = new Map<string, Measured>();
  for (const { name } of subjects)
    for (const kind of KINDS) results.set(`${name} ${kind}`, { cpuUs: [], latencyUs: [] });
  for (const { load } of subjects)
    for (const kind of KINDS) await load.run(kind, { count: calls, connections: CONNECTIONS });
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      // Another order each round: whoever runs after whom must not matter.
      const order = subjects.map((_, index) => subjects[(index + round) % subjects.length] as Subject);
      for (const subject of order) {
        await measureRound(subject, kind, results.get(`${subject.name} ${kind}`) as Measured);
      }
    }
  }
  return results;
}

function report(subjects: Subject[], results: Map<string, Measured>): object[] {
  const rows: object[] = [];
  const hasPortkey = subjects.some(({ name }) => name === 'portkey');
  /** CPU of Portkey on the same work, as a multiple of this one's. */
  const ratioTo = (name: string, kind: Kind): number | null => {
    const other = results.get(`portkey${name.endsWith(TRANSLATED) ? TRANSLATED : ''} ${kind}`);
    const { cpuUs } = results.get(`${name} ${kind}`) as Measured;
    if (!other || cpuUs.length === 0 || name.startsWith('portkey')) return null;
    return Number(median(cpuUs.map((cpu, round) => (other.cpuUs[round] as number) / cpu)).toFixed(1));
  };
  for (const kind of KINDS) {
    const of = (name: string): Measured => results.get(`${name} ${kind}`) as Measured;
    const bare = of('bare proxy');
    for (const { name } of subjects) {
      const { cpuUs, latencyUs } = of(name);
      // A ratio per round first, then their median: both sides of a round met the same machine.
      const ratio = median(cpuUs.map((cpu, round) => cpu / (bare.cpuUs[round] as number)));
      const added = median(latencyUs.map((us, round) => us - (of('direct').latencyUs[round] as number)));
      const isGoal = name === 'gateway thread' || name === 'trimtab';
      rows.push({
        kind,
        subject: name,
        'CPU us/call': cpuUs.length > 0 ? Number(median(cpuUs).toFixed(1)) : null,
        'x bare': cpuUs.length > 0 ? Number(ratio.toFixed(2)) : null,
        goal: isGoal ? (ratio <= GOAL ? `<= ${GOAL} met` : `<= ${GOAL} MISSED`) : '',
        'latency us': Math.round(median(latencyUs)),
        'added us': Math.round(added),
        ...(hasPortkey && { 'portkey / this': ratioTo(name, kind) }),
      });
    }
  }
  return rows;
}

/** Resident memory along `count` calls, half of them streams. */
async function soak(subject: Subject, count: number): Promise<object[]> {
  const rows: object[] = [];
  const steps = 10;
  for (let step = 0; step <= steps; step++) {
    if (step > 0) {
      for (const kind of KINDS) {
        await subject.load.run(kind, { count: Math.ceil(count / steps / 2), connections: CONNECTIONS });
      }
    }
    const { rssBytes, heapUsedBytes } = await figuresOf(subject.child as ChildProcess);
    const rssMb = Math.round(rssBytes / 1e6);
    rows.push({
      calls: (count / steps) * step,
      'RSS MB': rssMb,
      'heap MB': Math.round(heapUsedBytes / 1e6),
      goal: rssMb <= GOAL_RSS_MB,
    });
  }
  return rows;
}

function print(rows: object[]): void {
  if (flags.json) console.log(JSON.stringify(rows));
  else console.table(rows);
}

try {
  const vendor = await start('./vendor.ts');
  const subject = async (name: string, file: string, mode: string[] = []): Promise<Subject> => {
    const { child, url } = await start(file, [vendor.url, ...mode]);
    return { name, child, load: createLoad(url) };
  };
  const portkey = ({ child, url }: { child: ChildProcess; url: string }, translated: boolean): Subject => {
    const host = ['x-portkey-custom-host', `${vendor.url}/v1`];
    const headers = ['x-portkey-provider', translated ? 'anthropic' : 'openai', ...host];
    return { name: `portkey${translated ? TRANSLATED : ''}`, child, load: createLoad(url, headers) };
  };
  if (flags.soak) {
    print(await soak(await subject('trimtab', './trimtab.ts', [flags.only ?? 'full']), Number(flags.soak)));
  } else {
    const subjects: Subject[] = [
      { name: 'direct', child: null, load: createLoad(vendor.url) },
      await subject('bare proxy', './bare-proxy.ts'),
    ];
    const modes = ['gateway', 'full'].filter((mode) => flags.only === undefined || flags.only === mode);
    for (const mode of modes) {
      const name = mode === 'full' ? 'trimtab' : 'gateway thread';
      subjects.push(await subject(name, './trimtab.ts', [mode]));
      if (flags.translate)
        subjects.push(await subject(name + TRANSLATED, './trimtab.ts', [mode, 'translated']));
    }
    if (flags.portkey) {
      const started = await start('./portkey.ts');
      subjects.push(portkey(started, false));
      if (flags.translate) subjects.push(portkey(started, true));
    }
    print(report(subjects, await compare(subjects)));
  }
} finally {
  for (const child of children) child.disconnect();
}
process.exit();
