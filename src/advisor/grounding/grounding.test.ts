import { describe, expect, test } from 'vitest';
import type { LoadTest } from '../../capacity/load-test/load-test.ts';
import { exactly } from '../../core/interval.ts';
import { createRandom } from '../../core/random.ts';
import { advise } from '../advise.ts';
import type { Economics } from '../economics/economics.ts';
import type { QuantityId } from '../economics/quantity.ts';
import type { TaskEvidence } from '../evidence.ts';
import { type Answers, createProfile } from '../profile/create.ts';
import { sourceOf } from '../profile/reader.ts';
import { figureValue, quantitiesOf } from '../quantities.ts';
import { withSliders } from '../what-if/sliders.ts';
import { groundingOf } from './grounding.ts';

const HOUR = 3_600_000;
const FROM = Date.UTC(2026, 8, 1);
const DAYS = 42;
const AT = FROM + DAYS * 24 * HOUR;
const random = createRandom(3);

/** Six weeks, an even day, half the calls at weekends, 0.3 % more each day. */
const hourly = Array.from({ length: DAYS * 24 }, (_, hour) => {
  const day = Math.floor(hour / 24);
  return { at: FROM + hour * HOUR, calls: Math.round((day % 7 < 5 ? 400 : 200) * 1.003 ** day) };
});
const sample = Array.from({ length: 500 }, (_, index) => ({
  at: FROM + index * HOUR,
  inputTokens: 500 + random.integer(1_000),
  outputTokens: 100 + random.integer(100),
  cacheReadTokens: 0,
  cacheWriteTokens: null,
  durationMs: 900,
  ttftMs: 200,
  costNanoUsd: null,
  model: 'one',
}));
const price = (model: string, input: number) => ({
  provider: 'vendor',
  model,
  rows: [
    {
      from: null,
      tiers: [{ above: 0, input: input * 2, output: input * 8, cacheRead: input, cacheWrite: input }],
    },
    {
      from: AT - HOUR,
      tiers: [{ above: 0, input, output: input * 4, cacheRead: input / 10, cacheWrite: input }],
    },
  ],
  batchDiscount: null,
  source: { by: 'a list', url: 'https://example.org' },
});
const evidence: TaskEvidence = {
  task: 'x',
  from: FROM,
  to: AT,
  calls: hourly.reduce((sum, { calls }) => sum + calls, 0),
  importedCalls: 0,
  hourly,
  sample,
  byModel: [],
  prices: [price('one', 2)],
  errors: [],
  latency: null,
  ttft: null,
  busiestHour: Array.from({ length: 600 }, (_, index) => index * 6_000),
  repeated: null,
  personalData: null,
  feedback: [],
  users: null,
};
const say = (values: Record<string, string | number>): Answers =>
  Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value, by: 'a test', at: null }]));
const groundedProfile = (answers: Answers, seen: TaskEvidence | null = evidence, supposed: string[] = []) => {
  const profile = createProfile({ task: 'x', answers, evidence: seen, supposed });
  return { ...profile, grounding: groundingOf(profile, seen, AT) };
};
const used = (answers: Answers, seen: TaskEvidence | null = evidence, supposed: string[] = []) => {
  const quantities = quantitiesOf(groundedProfile(answers, seen, supposed));
  return (id: QuantityId) => quantities.find((one) => one.id === id);
};

describe('prices', () => {
  test('calls cost what the model that answered them costs on that day', () => {
    const of = used({});
    const mean = (pick: (call: (typeof sample)[number]) => number) =>
      sample.reduce((sum, call) => sum + pick(call), 0) / sample.length;
    const expected = (mean((call) => call.inputTokens) * 2 + mean((call) => call.outputTokens) * 8) / 1e6;
    const found = of('api.usd-per-call');
    expect((found?.value.mid ?? 0) / expected).toBeCloseTo(1, 2);
    expect(found?.source).toMatchObject({ kind: 'measured', calls: 500 });
    expect(of('api.usd-per-million-input')).toMatchObject({
      value: exactly(2),
      source: { kind: 'published', by: 'a list', date: new Date(AT - HOUR).toISOString().slice(0, 10) },
    });
    expect(of('lever.cache-price-ratio')?.value).toEqual(exactly(0.1));
  });

  test('a price of the stack is declared, not published', () => {
    const own = { ...price('one', 2), source: { by: 'the stack', url: null } };
    const source = used({}, { ...evidence, prices: [own] })('api.usd-per-million-output')?.source;
    expect(source).toEqual({ kind: 'declared', by: 'the stack', at: null });
  });

  test('a model without a price leaves the cost of a call open, which widens it', () => {
    const unpriced = { ...evidence, prices: [price('another', 2)] };
    expect(used({}, unpriced)('api.usd-per-call')).toBeUndefined();
    const width = (seen: TaskEvidence) => {
      const economics = advise({ profile: groundedProfile({}, seen), at: AT, draws: 400 }).economics;
      const { low, high } = figureValue(economics, 'hosted-api.month') ?? exactly(1);
      return high / low;
    };
    expect(width(unpriced)).toBeGreaterThan(2 * width(evidence));
  });

  test('supposed tokens make another cost of a call than the measured one', () => {
    const of = used(say({ 'tokens.inputPerCall': 50_000 }), evidence, ['tokens.inputPerCall']);
    expect(of('api.usd-per-call')).toBeUndefined();
    expect(of('mix.input-tokens')?.value.mid).toBe(50_000);
  });

  test('a GPU-hour costs what is published, unless one has a price of one’s own', () => {
    expect(used({}, null)('self.usd-per-gpu-hour')?.source.kind).toBe('published');
    expect(used(say({ 'cost.gpuUsdPerHour': 1.1 }), null)('self.usd-per-gpu-hour')?.value).toEqual(
      exactly(1.1),
    );
    const owned = used(say({ 'assets.gpus': 'own' }), null)('self.usd-per-gpu-hour')?.value;
    const rented = used(say({ 'assets.gpus': 'rent' }), null)('self.usd-per-gpu-hour')?.value;
    expect(owned?.mid).toBeLessThan(rented?.mid ?? 0);
  });
});

describe('volume', () => {
  test('level and growth are those of the end of the window, not its mean', () => {
    const of = used({});
    const mean = (evidence.calls / DAYS) * (365.25 / 12);
    expect(of('volume.calls-per-month')?.value.mid).toBeGreaterThan(mean);
    const growth = of('volume.growth-per-month')?.value;
    expect(growth?.low).toBeLessThan(1.003 ** (365.25 / 12) - 1);
    expect(growth?.high).toBeGreaterThan(1.003 ** (365.25 / 12) - 1);
  });

  test('a week is no history, and a moved slider stands before the fit', () => {
    const week = { ...evidence, hourly: hourly.slice(0, 7 * 24) };
    expect(used({}, week)('volume.shock-per-month')).toBeUndefined();
    const profile = groundedProfile({});
    const moved = withSliders(profile, { growth: 0.3 }, {} as Economics);
    const growth = quantitiesOf(moved).find(({ id }) => id === 'volume.growth-per-month');
    expect(growth?.value).toEqual(exactly(0.3));
  });
});

describe('machines', () => {
  test('are sized for the arrivals of the busiest hour, where it is known who waits', () => {
    expect(used({})('self.calls-per-second')).toBeUndefined();
    const small = used(say({ 'latency.class': 'interactive', 'work.difficulty': 'simple' }));
    const large = used(say({ 'latency.class': 'interactive', 'work.difficulty': 'hard' }));
    const unknown = used(say({ 'latency.class': 'interactive' }));
    const rate = (of: typeof small) => of('self.calls-per-second')?.value ?? exactly(Number.NaN);
    expect(rate(small).mid).toBeGreaterThan(rate(large).mid);
    expect(small('self.gpus-per-replica')?.value).toEqual(exactly(1));
    expect(rate(unknown)).toMatchObject({ low: rate(large).low, high: rate(small).high });
  });

  test('a stricter target takes no less of them', () => {
    const at = (ms: number) =>
      used(say({ 'latency.ttftP95TargetMs': ms, 'work.difficulty': 'simple' }))('self.calls-per-second')
        ?.value.mid ?? 0;
    expect(at(100)).toBeLessThanOrEqual(at(5_000));
  });

  describe('a load test', () => {
    const times = (p95: number) => ({ p50: p95 / 2, p90: p95, p95, p99: p95, mean: p95 / 2 });
    const mean = (of: (call: (typeof sample)[number]) => number) =>
      sample.reduce((sum, call) => sum + of(call), 0) / sample.length;
    const loadTest = (change: Partial<LoadTest> = {}): LoadTest => ({
      id: 'load_1',
      createdAt: AT - HOUR,
      endedAt: AT,
      deployment: 'own',
      sandbox: false,
      setup: {
        engine: 'vLLM',
        model: 'llama-3.1-8b',
        gpu: 'l40s',
        gpusPerReplica: 1,
        weights: 'fp8',
        replicas: 2,
      },
      target: { ttftP95Ms: 1_000, tpotP95Ms: null, endToEndP95Ms: null },
      workload: 'task x',
      meanInputTokens: mean(({ inputTokens }) => inputTokens),
      meanOutputTokens: mean(({ outputTokens }) => outputTokens),
      points: [
        {
          kind: 'search',
          concurrency: null,
          offeredCallsPerSecond: 6,
          callsPerSecond: 6,
          outputTokensPerSecond: 900,
          durationMs: 60_000,
          calls: 360,
          errors: 0,
          errorCodes: [],
          ttftMs: times(700),
          tpotMs: times(30),
          endToEndMs: times(4_000),
        },
      ],
      calls: 1_234,
      costUsd: 0,
      ended: 'done',
      ...change,
    });
    const answers = say({ 'latency.class': 'interactive', 'work.difficulty': 'simple' });
    const withTests = (...loadTests: LoadTest[]) => used(answers, { ...evidence, loadTests });

    test('stands before the model, with the price of its GPU and its own id', () => {
      const of = withTests(loadTest({ id: 'load_0', createdAt: 1, points: [] }), loadTest());
      const source = { kind: 'measured', from: AT - HOUR, to: AT, calls: 1_234, loadTest: 'load_1' };
      expect(of('self.calls-per-second')).toMatchObject({ value: { mid: 3 }, source });
      expect(of('self.gpus-per-replica')).toMatchObject({ value: exactly(1), source });
      expect(of('self.usd-per-gpu-hour')?.source).toMatchObject({ by: expect.stringContaining('L40S') });
      expect(sourceOf(of('self.calls-per-second')?.source ?? { kind: 'prior', why: '' })).toMatch(
        /^measured by load test load_1 over 1,234 calls/,
      );
    });

    test.each<[string, Partial<LoadTest>]>([
      ['of the sandbox', { sandbox: true }],
      ['of calls of another size', { meanOutputTokens: 5 }],
      ['that was too slow for this task', { points: [] }],
      ['of something nobody knows', { setup: null }],
    ])('but not one %s', (_what, change) => {
      expect(withTests(loadTest(change))('self.calls-per-second')).toEqual(
        withTests()('self.calls-per-second'),
      );
    });
  });
});
