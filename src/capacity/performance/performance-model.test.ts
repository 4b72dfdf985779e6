import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineSetup, EngineStep } from '../capacity.ts';
import { findGpu, findModel, gpus, models } from '../facts/index.ts';
import { cacheTokens, createPerformanceModel, weightBytes } from './performance-model.ts';
import { steadyState } from './steady-state.ts';

function setupOf(model: string, gpu: string, more: Partial<EngineSetup> = {}): EngineSetup {
  const [facts, hardware] = [findModel(model), findGpu(gpu)];
  if (!facts || !hardware) throw new Error(`${model} or ${gpu} is not among the facts`);
  return {
    engine: 'vLLM',
    model: facts,
    gpu: hardware,
    gpusPerReplica: 1,
    weights: 'fp8',
    cache: 'fp8',
    maxSequences: 256,
    maxBatchedTokens: 8_192,
    ...more,
  };
}

const anySetup = fc.record({
  engine: fc.constantFrom('vLLM' as const, 'TensorRT-LLM' as const),
  model: fc.constantFrom(...models),
  gpu: fc.constantFrom(...gpus),
  gpusPerReplica: fc.constantFrom(1, 2, 4, 8),
  weights: fc.constantFrom('bf16' as const, 'fp8' as const, 'int4' as const, 'fp4' as const),
  cache: fc.constantFrom('bf16' as const, 'fp8' as const),
  maxSequences: fc.integer({ min: 1, max: 1_024 }),
  maxBatchedTokens: fc.integer({ min: 512, max: 16_384 }),
});
const anyStep = fc.record({
  prefillTokens: fc.integer({ min: 0, max: 8_192 }),
  prefillContext: fc.integer({ min: 0, max: 32_000 }),
  decodes: fc.integer({ min: 0, max: 512 }),
  contextTokens: fc.integer({ min: 0, max: 2_000_000 }),
});

describe('one step', () => {
  test('never gets faster with more work, on any setup', () => {
    const grown = (step: EngineStep, by: number): EngineStep[] => [
      { ...step, prefillTokens: step.prefillTokens + by },
      { ...step, prefillContext: step.prefillContext + by },
      { ...step, contextTokens: step.contextTokens + by },
      // A further sequence brings its own context: the same context over more sequences may fit more windows.
      {
        ...step,
        decodes: step.decodes + 1,
        contextTokens: step.contextTokens + Math.ceil(step.contextTokens / Math.max(1, step.decodes)),
      },
    ];
    fc.assert(
      fc.property(anySetup, anyStep, fc.integer({ min: 1, max: 1_000 }), (setup, step, by) => {
        const model = createPerformanceModel(setup);
        const before = model.stepMs(step);
        expect(Number.isFinite(before) && before >= 0).toBe(true);
        for (const more of grown(step, by))
          expect(model.stepMs(more)).toBeGreaterThanOrEqual(before * (1 - 1e-9));
      }),
    );
  });

  test('with nothing to do takes no time', () => {
    const model = createPerformanceModel(setupOf('llama-3.1-8b', 'h100-sxm'));
    expect(model.stepMs({ prefillTokens: 0, prefillContext: 0, decodes: 0, contextTokens: 0 })).toBe(0);
  });

  test('one sequence is bound by reading the weights: never faster than memory allows', () => {
    const setup = setupOf('llama-3.3-70b', 'h200-sxm');
    const { stepMs } = createPerformanceModel(setup);
    const floorMs = (69.5e9 / setup.gpu.bandwidthBytesPerSecond) * 1_000;
    const ms = stepMs({ prefillTokens: 0, prefillContext: 0, decodes: 1, contextTokens: 1_000 });
    expect(ms).toBeGreaterThan(floorMs);
    expect(ms).toBeLessThan(3 * floorMs);
  });

  test('a long prompt is bound by FLOPS, and its attention grows with the square', () => {
    const setup = setupOf('llama-3.1-8b', 'h100-sxm', { weights: 'bf16' });
    const { stepMs } = createPerformanceModel(setup);
    const prompt = (tokens: number): number =>
      stepMs({ prefillTokens: tokens, prefillContext: tokens / 2, decodes: 0, contextTokens: 0 });
    expect(prompt(8_192)).toBeGreaterThan(((2 * 7e9 * 8_192) / 989.4e12) * 1_000);
    expect(prompt(65_536) / prompt(8_192)).toBeGreaterThan(8.5);
  });

  test('a mixture of experts reads few experts for one sequence and nearly all for many', () => {
    const { stepMs } = createPerformanceModel(
      setupOf('mixtral-8x7b', 'h200-sxm', { engine: 'TensorRT-LLM' }),
    );
    const decode = (decodes: number): number =>
      stepMs({ prefillTokens: 0, prefillContext: 0, decodes, contextTokens: 0 });
    expect(decode(16) / decode(1)).toBeGreaterThan(2);
    expect(decode(32) / decode(16)).toBeLessThan(1.3);
  });

  test('windows bound what long contexts cost', () => {
    const cost = (id: string): number => {
      const { stepMs } = createPerformanceModel(setupOf(id, 'h200-sxm'));
      const at = (tokens: number): number =>
        stepMs({ prefillTokens: 0, prefillContext: 0, decodes: 8, contextTokens: 8 * tokens });
      return at(100_000) / at(1_000);
    };
    expect(cost('gemma-3-27b')).toBeLessThan(cost('qwen3-32b'));
  });
});

describe('what fits', () => {
  test('a 70B model in 16 bits does not fit one H100, and fits four', () => {
    const tokensOf = (gpusPerReplica: number): number =>
      cacheTokens(setupOf('llama-3.3-70b', 'h100-sxm', { weights: 'bf16', gpusPerReplica }));
    expect(tokensOf(1)).toBe(0);
    expect(tokensOf(4)).toBeGreaterThan(200_000);
  });

  test('fewer bits never take more memory', () => {
    for (const model of models) {
      const bytes = (['bf16', 'fp8', 'fp4', 'int4'] as const).map((width) => weightBytes(model, width));
      expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
    }
  });
});

describe('steady state', () => {
  test('the weights alone do not fit: no answer, not a zero', () => {
    const model = createPerformanceModel(setupOf('llama-3.1-405b', 'l4'));
    expect(steadyState(model, { inputTokens: 100, outputTokens: 100, concurrency: 1 })).toBeNull();
  });

  test('more calls in flight never lower throughput, and tokens cost the more time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 16, max: 4_096 }),
        fc.integer({ min: 16, max: 2_048 }),
        (concurrency, inputTokens, outputTokens) => {
          const model = createPerformanceModel(setupOf('llama-3.1-8b', 'h100-sxm'));
          const at = (calls: number) => steadyState(model, { inputTokens, outputTokens, concurrency: calls });
          const [few, more] = [at(concurrency), at(concurrency + 8)];
          expect(more?.outputTokensPerSecond).toBeGreaterThanOrEqual(
            (few?.outputTokensPerSecond ?? 0) * 0.99,
          );
          expect(more?.tpotMs).toBeGreaterThanOrEqual((few?.tpotMs ?? 0) * (1 - 1e-9));
        },
      ),
    );
  });
});
