import { describe, expect, test } from 'vitest';
import { findGpu, findModel, gpuPrices } from '../facts/index.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { simulate } from '../simulator/simulate.ts';
import { atRate, drawWorkload } from '../simulator/workload.ts';
import { type PlanQuestion, planCapacity } from './plan.ts';
import { missOf, slowed } from './sustained-rate.ts';

const workload = drawWorkload({
  calls: 600,
  callsPerSecond: 4,
  arrivals: { kind: 'poisson' },
  sizes: {
    kind: 'lognormal',
    input: { medianTokens: 800, sigma: 0.5 },
    output: { medianTokens: 150, sigma: 0.5 },
  },
  seed: 3,
});

function known<Fact>(fact: Fact | undefined): Fact {
  if (fact === undefined) throw new Error('the facts have changed');
  return fact;
}

function ask(change: Partial<PlanQuestion> = {}): PlanQuestion {
  return {
    model: known(findModel('llama-3.1-8b')),
    gpus: ['h100-sxm', 'l40s', 'a10'].map((id) => known(findGpu(id))),
    precisions: ['bf16', 'fp8'],
    prices: gpuPrices,
    priceKinds: ['on-demand'],
    workload,
    callsPerSecond: 20,
    target: { ttftP95Ms: 2000, tpotP95Ms: null, endToEndP95Ms: null },
    failover: false,
    loadTests: [],
    ...change,
  };
}

describe('the plan', () => {
  const plan = planCapacity(ask());
  const best = known(plan.best ?? undefined);

  test('is the cheapest, and meets the target at the low side of the error', () => {
    for (const { usdPerHour } of plan.alternatives)
      expect(usdPerHour).toBeGreaterThanOrEqual(best.usdPerHour);
    const performance = createPerformanceModel(best.setup);
    const model = slowed(performance, 1 / performance.error.low);
    const calls = atRate(workload, 20);
    const result = simulate({ model, workload: calls, replicas: best.replicas });
    expect(missOf(result, ask().target)).toBeNull();
    expect(best.latency?.ttftP95Ms).toBe(result.ttftMs.p95);
  });

  test('prices what it plans', () => {
    expect(best.gpuCount).toBe(best.replicas * best.setup.gpusPerReplica);
    expect(best.usdPerHour).toBeCloseTo(best.gpuCount * best.price.usdPerGpuHour, 9);
    const { meanInputTokens, meanOutputTokens } = plan.workload;
    const tokensPerHour = 20 * (meanInputTokens + meanOutputTokens) * 3600;
    expect(best.usdPerMillionTokens.high).toBeCloseTo(best.usdPerHour / (tokensPerHour / 1e6), 9);
    expect(best.usdPerMillionTokens.low).toBeLessThanOrEqual(best.usdPerMillionTokens.mid);
  });

  test('says why each of the rest lost, once', () => {
    const names = [best, ...plan.alternatives].map(
      ({ setup, price }) => `${setup.gpu.id} ${setup.gpusPerReplica} ${setup.weights} ${price.kind}`,
    );
    for (const { gpu, gpusPerReplica, weights, kind, reason } of plan.losers) {
      names.push(`${gpu} ${gpusPerReplica} ${weights} ${kind}`);
      expect(reason).not.toBe('');
    }
    expect(new Set(names).size).toBe(names.length);
    expect(plan.losers).toContainEqual(
      expect.objectContaining({ gpu: 'a10', reason: 'no price of the kind on-demand is known' }),
    );
  });

  test('the bound leaves out nothing cheaper', () => {
    for (const gpu of ['h100-sxm', 'l40s']) {
      const alone = planCapacity(ask({ gpus: [known(findGpu(gpu))] })).best;
      if (alone) expect(alone.usdPerHour).toBeGreaterThanOrEqual(best.usdPerHour);
    }
  });
});

test('failover is one replica more; spot is never dearer', () => {
  const gpus = [known(findGpu('h100-sxm'))];
  const precisions = ['fp8'] as const;
  const plain = planCapacity(ask({ gpus, precisions })).best;
  const spot = planCapacity(ask({ gpus, precisions, priceKinds: ['on-demand', 'spot'] })).best;
  const failover = planCapacity(ask({ gpus, precisions, failover: true }));
  const same = [failover.best, ...failover.alternatives].find(
    (option) => option?.setup.gpusPerReplica === plain?.setup.gpusPerReplica,
  );
  expect(same?.replicas).toBe((plain?.replicas ?? 0) + 1);
  expect(spot?.price.kind).toBe('spot');
  expect(spot?.usdPerHour).toBeLessThan(plain?.usdPerHour ?? 0);
});

test('what cannot serve is named with the reason', () => {
  const large = planCapacity(
    ask({ model: known(findModel('llama-3.1-405b')), gpus: [known(findGpu('l40s'))] }),
  );
  expect(large.best).toBeNull();
  expect(large.losers[0]?.reason).toMatch(/^weights of \d+ GiB leave no cache in \d x 45 GiB$/);
  const strict = planCapacity(ask({ target: { ttftP95Ms: 1, tpotP95Ms: null, endToEndP95Ms: null } }));
  expect(strict.best).toBeNull();
  expect(strict.losers[0]?.reason).toMatch(/^p95 TTFT is /);
});
