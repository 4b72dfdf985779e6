/**
 * The fault table, cell by cell: {fault} x {plain, stream} x {1 deployment, 2 deployments} x {the ways a protocol
 * reaches a vendor}, over real HTTP with the official clients. Each cell asserts four things besides its outcome:
 * it ends, it answers once, it never ends cleanly after a cut, and it loses no bill.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallRecord } from '../../src/core/call-record.ts';
import { createManualClock } from '../../src/core/clock.ts';
import type { Snapshot, Timeouts } from '../../src/stack/stack.ts';
import {
  COST_NANO_USD,
  deployment,
  type Harness,
  KEY,
  provider,
  snapshot,
  startGateway,
  task,
} from '../gateway/harness.ts';
import { closedPort, startUpstream, type Upstream } from '../support/upstream.ts';
import { ask, type Heard, type TextProtocol } from './clients.ts';
import { FAULTS, type FaultRow, type Outcome, statusOf } from './fault-table.ts';

const TEXT = 'The quick brown fox.';
const START = Date.UTC(2026, 10, 25);
/** Never reached: the clock is turned only as far as the one timeout a fault ends by. */
const FAR_MS = 1e9;
const NEAR_MS = 100;
const FAR: Timeouts = {
  connectMs: FAR_MS,
  headersMs: FAR_MS,
  firstTokenMs: FAR_MS,
  idleMs: FAR_MS,
  totalMs: FAR_MS,
};

interface Lane {
  protocol: TextProtocol;
  /** Provider type: what the vendor speaks. */
  vendor: 'openai-compatible' | 'openai' | 'anthropic' | 'google';
}

/** Each protocol passed through, and each translation. */
const LANES: readonly Lane[] = [
  { protocol: 'chat', vendor: 'openai-compatible' },
  { protocol: 'chat', vendor: 'anthropic' },
  { protocol: 'chat', vendor: 'google' },
  { protocol: 'messages', vendor: 'anthropic' },
  { protocol: 'messages', vendor: 'openai-compatible' },
  { protocol: 'responses', vendor: 'openai' },
  { protocol: 'responses', vendor: 'openai-compatible' },
];

const CELLS = FAULTS.flatMap((row) =>
  [false, true].map((stream) => ({
    row,
    stream,
    title: row.title,
    expected: stream ? row.stream : row.plain,
  })),
);

describe.each(LANES)('$protocol to $vendor', (lane) => {
  test.each(CELLS)('$title, stream $stream, alone: $expected.code', async ({ row, stream, expected }) => {
    const run = await play(lane, row, { stream, deployments: 1 });
    expectFailure(run, expected);
    const attempts = run.record.attempts.map(({ deployment: name, errorCode }) => [name, errorCode]);
    expect(attempts).toEqual([['a', expected.code]]);
  });

  test.each(CELLS)('$title, stream $stream, then another', async ({ row, stream, expected }) => {
    const run = await play(lane, row, { stream, deployments: 2 });
    if (!expected.fallback) {
      expectFailure(run, expected);
      expect(run.second.calls).toHaveLength(0);
      return;
    }
    expect(run.heard).toMatchObject({ status: 200, text: TEXT, error: null });
    expectOneAnswer(run);
    expect(run.heard.headers.get('x-trimtab-deployment')).toBe('b');
    expect(run.record).toMatchObject({ outcome: 'ok', deployment: 'b', usage: { inputTokens: 1000 } });
    expect(run.record.attempts).toMatchObject([
      { deployment: 'a', kind: 'primary', outcome: 'error', errorCode: expected.code },
      { deployment: 'b', kind: 'fallback', outcome: 'ok', costNanoUsd: COST_NANO_USD },
    ]);
    expectBill(run.record, expected);
  });
});

interface Run {
  lane: Lane;
  heard: Heard;
  record: CallRecord;
  first: Upstream;
  second: Upstream;
}

async function play(
  lane: Lane,
  row: FaultRow,
  { stream, deployments }: { stream: boolean; deployments: number },
): Promise<Run> {
  const first = await startUpstream(onTestFinished);
  const second = await startUpstream(onTestFinished);
  if ('fault' in row.source) first.fault = row.source.fault;
  const urls = [await addressOf(row, first), second.baseUrl].slice(0, deployments);
  const clock = createManualClock(START);
  const expected = stream ? row.stream : row.plain;
  const stall = row.timeout === 'idleMs' && !stream ? 'firstTokenMs' : row.timeout;
  const harness = await startGateway(onTestFinished, {
    clock,
    snapshot: snapshotOver(lane, urls, stall ? { ...FAR, [stall]: NEAR_MS } : FAR),
  });
  // A fault among the words strikes when the client has those before it.
  const struck = Promise.withResolvers<void>();
  if (expected.midStream) first.between = (index) => (index === 2 ? struck.promise : undefined);
  const asked = ask({ baseUrl: harness.baseUrl, key: KEY }, lane.protocol, {
    stream,
    model: 'reply',
    onText: (text) => {
      if (text.includes(' quick')) struck.resolve();
    },
  });
  if (stall) {
    if (expected.midStream) await struck.promise;
    let over = false;
    void asked.finally(() => {
      over = true;
    });
    while (!over) {
      clock.turn(NEAR_MS / 10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const heard = await asked;
  expectEnded(harness);
  return { lane, heard, record: onlyRecord(harness), first, second };
}

async function addressOf({ source }: FaultRow, upstream: Upstream): Promise<string> {
  if ('fault' in source) return upstream.baseUrl;
  return source.address === 'closed-port' ? closedPort() : 'http://no-such-host.invalid/v1';
}

/** Task `reply` over deployments `a`, then `b`; the timeouts are those of `a`. */
function snapshotOver({ vendor }: Lane, urls: string[], timeouts: Timeouts): Snapshot {
  const names = ['a', 'b'].slice(0, urls.length);
  const at = (index: number): string =>
    vendor === 'anthropic' ? (urls[index] ?? '').replace(/\/v1$/, '') : (urls[index] ?? '');
  return snapshot({
    providers: Object.fromEntries(
      names.map((name, index) => [`vendor-${name}`, provider(at(index), { type: vendor })]),
    ),
    deployments: Object.fromEntries(
      names.map((name, index) => [
        name,
        deployment(`vendor-${name}`, { timeouts: index === 0 ? timeouts : FAR }),
      ]),
    ),
    tasks: { reply: task(names) },
  });
}

/** Nothing hangs: no attempt is under way, no stream open. */
function expectEnded({ gateway }: Harness): void {
  const { openStreams, deployments } = gateway.health();
  expect(openStreams).toBe(0);
  for (const { inFlight } of deployments) expect(inFlight).toBe(0);
}

function onlyRecord({ records }: Harness): CallRecord {
  expect(records).toHaveLength(1);
  return records[0] as CallRecord;
}

function expectFailure({ lane, heard, record, first }: Run, expected: Outcome): void {
  const status = statusOf(expected);
  expect(heard.status).toBe(status);
  expect(heard.error).not.toBeNull();
  expect(first.calls.length).toBeLessThanOrEqual(1);
  expect(terminators(heard.raw)).toBe(0);
  expect(heard.headers.get('x-trimtab-call-id')).toBe(record.id);
  expect(heard.headers.get('retry-after')).toBe(
    expected.retryAfterSeconds === null ? null : String(expected.retryAfterSeconds),
  );
  if (expected.midStream) expectBrokenOff(lane, heard, expected);
  else expect(heard.text).toBe('');
  if (expected.vendorStatus !== null) expect(heard.raw).toContain('longer than the context');
  else if (lane.protocol !== 'messages') expect(heard.raw).toContain(`"code":"${expected.code}"`);
  expect(record).toMatchObject({ outcome: 'error', status, errorCode: expected.code });
  expectBill(record, expected);
}

/** The words before the fault, then an error event in the protocol's shape, then the end. */
function expectBrokenOff({ protocol }: Lane, { raw, text }: Heard, { code }: Outcome): void {
  expect(text).toBe('The quick');
  const last = raw.trimEnd().split('\n\n').at(-1) ?? '';
  const data = JSON.parse(last.slice(last.indexOf('data: ') + 'data: '.length)) as Record<string, unknown>;
  if (protocol === 'chat') expect(data).toMatchObject({ error: { code, message: expect.any(String) } });
  else expect(data).toMatchObject({ type: 'error' });
  if (protocol === 'responses') expect(data).toMatchObject({ code, sequence_number: expect.any(Number) });
}

/** Never a second model's text after the first's, and one end. */
function expectOneAnswer({ heard, first, second, lane, record }: Run): void {
  expect([first.calls.length <= 1, second.calls.length]).toEqual([true, 1]);
  if (record.streamed) expect(terminators(heard.raw)).toBe(1);
  else expect(() => JSON.parse(heard.raw)).not.toThrow();
  if (lane.protocol === 'chat') expect(heard.raw.split(' quick').length).toBe(2);
}

function terminators(raw: string): number {
  return [...raw.matchAll(/^(?:data: \[DONE\]|event: message_stop|event: response\.completed)$/gm)].length;
}

function expectBill(record: CallRecord, { bill }: Outcome): void {
  const [failed, next] = record.attempts;
  const others = next?.costNanoUsd ?? 0;
  if (bill === 'unknown') {
    expect(failed).toMatchObject({ costNanoUsd: null });
    // What the first one used is not known, so the sum is not known either.
    expect(record).toMatchObject({ costNanoUsd: null, unpriced: true });
    return;
  }
  if (bill === 'nothing') expect(failed).toMatchObject({ costNanoUsd: 0 });
  else expect(failed).toMatchObject({ usage: { estimated: true }, costNanoUsd: expect.any(Number) });
  if (bill === 'estimated') expect(failed?.costNanoUsd).toBeGreaterThan(0);
  expect(record).toMatchObject({ costNanoUsd: (failed?.costNanoUsd ?? 0) + others, unpriced: false });
}
