import { describe, expect, test } from 'vitest';
import { cacheBytesPerToken, weightBytes } from '../performance/performance-model.ts';
import { findGpu, findModel, gpuPrices, gpus, models, publishedModels } from './index.ts';

const isComplete = ({ by, url, date }: { by: string; url: string; date: string }): boolean =>
  by.length > 5 && /^https:\/\/\S+$/.test(url) && /^20\d\d-\d\d-\d\d$/.test(date);

describe('models', () => {
  test('at least 25, each once, each with where it stands', () => {
    expect(models.length).toBeGreaterThanOrEqual(25);
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    expect(new Set(models.map(({ hubName }) => hubName)).size).toBe(models.length);
    for (const { id, sources } of models) {
      expect([id, sources.length > 0 && sources.every(isComplete)]).toEqual([id, true]);
    }
  });

  test.each(publishedModels.map((model) => [model.id, model] as const))(
    '%s: the config gives the count its maker states',
    (id, { published, config }) => {
      const facts = findModel(id);
      expect(Math.abs((facts?.parameters ?? 0) / published.parameters - 1)).toBeLessThan(0.02);
      if (published.active === null) return;
      // Makers count active weights with or without the input embedding.
      const active = facts?.activeParameters ?? 0;
      const input = config.tied ? 0 : config.vocabulary * config.hidden;
      const off = [active, active - input].map((count) => Math.abs(count / (published.active ?? 1) - 1));
      expect(Math.min(...off)).toBeLessThan(0.03);
    },
  );

  test('sizes fit each other', () => {
    for (const model of models) {
      expect(model.activeParameters).toBeLessThanOrEqual(model.parameters);
      expect(model.embeddingParameters).toBeLessThan(model.activeParameters);
      expect(model.attentionHeads % model.kvHeads).toBe(0);
      expect(model.attentionLayers).toBeLessThanOrEqual(model.layers);
      expect(model.window?.layers ?? 0).toBeLessThanOrEqual(model.attentionLayers);
      const bytes = cacheBytesPerToken(model, 'bf16');
      expect([model.id, bytes > 5e3 && bytes < 600e3]).toEqual([model.id, true]);
    }
  });

  test('known sizes of the cache: 128 KiB a token for Llama 3.1 8B, 68.6 KiB for DeepSeek V3', () => {
    const bytes = (id: string): number => {
      const model = findModel(id);
      return model ? cacheBytesPerToken(model, 'bf16') : 0;
    };
    expect(bytes('llama-3.1-8b')).toBe(128 * 1024);
    expect(bytes('deepseek-v3')).toBe(61 * 576 * 2);
  });

  test('each fits one machine of eight of some GPU, in 8 bits', () => {
    const largest = Math.max(...gpus.map(({ memoryBytes, gpusPerNode }) => memoryBytes * gpusPerNode));
    for (const model of models) expect(weightBytes(model, 'fp8')).toBeLessThan(largest * 0.9);
  });

  test('are found by id and hub name, in any case', () => {
    expect(findModel('Llama-3.3-70B')?.id).toBe('llama-3.3-70b');
    expect(findModel('qwen/qwen3-8b')?.id).toBe('qwen3-8b');
    expect(findModel('llama')).toBeUndefined();
  });
});

describe('GPUs', () => {
  test('at least 12, each once, each with where it stands', () => {
    expect(gpus.length).toBeGreaterThanOrEqual(12);
    expect(new Set(gpus.map(({ id }) => id)).size).toBe(gpus.length);
    for (const { id, sources } of gpus) {
      expect([id, sources.length > 0 && sources.every(isComplete)]).toEqual([id, true]);
    }
  });

  test('fewer bits are never slower, and figures are of their kind', () => {
    for (const { id, flops, memoryBytes, bandwidthBytesPerSecond, kilowatts, boardWatts } of gpus) {
      const { bf16, fp8, fp4 } = flops;
      expect([id, bf16 !== null && bf16 > 5e13 && bf16 < 5e15]).toEqual([id, true]);
      if (fp8 !== null) expect(fp8).toBeGreaterThanOrEqual(bf16 ?? 0);
      if (fp4 !== null) expect(fp4).toBeGreaterThanOrEqual(fp8 ?? 0);
      expect(memoryBytes).toBeGreaterThanOrEqual(16e9);
      expect([id, bandwidthBytesPerSecond >= 3e11 && bandwidthBytesPerSecond <= 1e13]).toEqual([id, true]);
      if (kilowatts !== null) expect(kilowatts * 1_000).toBeGreaterThan(boardWatts);
    }
  });

  test('prices name a GPU of the list, with source and date', () => {
    expect(gpuPrices.length).toBeGreaterThan(20);
    for (const { gpu, usdPerGpuHour, source } of gpuPrices) {
      expect(findGpu(gpu)?.id).toBe(gpu);
      expect(usdPerGpuHour).toBeGreaterThan(0.2);
      expect(isComplete(source)).toBe(true);
    }
  });

  test('spot costs less than on-demand at the same provider', () => {
    const spots = gpuPrices.filter(({ kind }) => kind === 'spot');
    expect(spots.length).toBeGreaterThan(1);
    for (const spot of spots) {
      const full = gpuPrices.find(
        ({ gpu, provider, kind }) => kind === 'on-demand' && gpu === spot.gpu && provider === spot.provider,
      );
      expect(full?.usdPerGpuHour).toBeGreaterThan(spot.usdPerGpuHour);
    }
  });
});
