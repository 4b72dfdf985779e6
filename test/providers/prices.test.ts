/** Prices against figures the vendors publish. */
import { describe, expect, test } from 'vitest';
import { createPriceBook } from '../../src/providers/price-book.ts';
import { findPriceHistory } from '../../src/providers/price-history.ts';

const AT = Date.UTC(2026, 10, 23, 12);

describe('a price', () => {
  test.each([
    // https://openai.com/api/pricing: gpt-5-mini $0.25 in, $0.025 cached, $2.00 out per million.
    ['openai', 'gpt-5-mini', { inputTokens: 1_000_000, outputTokens: 1_000_000 }, 2_250_000_000],
    [
      'openai',
      'gpt-5-mini',
      { inputTokens: 1_000_000, outputTokens: 0, cacheReadTokens: 1_000_000 },
      25_000_000,
    ],
    ['openai', 'gpt-5-mini-2025-08-07', { inputTokens: 1, outputTokens: 1 }, 2250],
    ['openai', 'text-embedding-3-small', { inputTokens: 1_000_000, outputTokens: 0 }, 20_000_000],
    // https://claude.com/pricing: haiku 4.5 $1 in, $5 out, cache write $1.25, cache read $0.10 per million.
    [
      'anthropic',
      'claude-haiku-4-5-20251001',
      {
        inputTokens: 3_000_000,
        outputTokens: 1_000_000,
        cacheReadTokens: 1_000_000,
        cacheWriteTokens: 1_000_000,
      },
      7_350_000_000,
    ],
    // A maker's model at a vendor that resells it.
    ['azure', 'gpt-5-mini', { inputTokens: 1_000_000, outputTokens: 0 }, 250_000_000],
  ])('of %s/%s for %o is %i nano-USD', (provider, model, usage, cost) => {
    expect(createPriceBook(provider).price(model, usage, AT)?.costNanoUsd).toBe(cost);
  });

  test('follows tiers: over 200,000 input tokens cost more', () => {
    const book = createPriceBook('anthropic');
    const price = (inputTokens: number) =>
      book.price('claude-sonnet-4-5', { inputTokens, outputTokens: 0 }, AT)?.costNanoUsd;
    expect(price(200_000)).toBe(600_000_000);
    expect(price(200_001)).toBe(1_200_006_000);
  });

  test('follows dates', () => {
    const book = createPriceBook('anthropic');
    const usage = { inputTokens: 300_000, outputTokens: 0 };
    const before = book.price('claude-opus-4-6', usage, Date.UTC(2026, 1, 1))?.costNanoUsd;
    expect(before).toBe(3_000_000_000);
    expect(book.price('claude-opus-4-6', usage, AT)?.costNanoUsd).toBe(1_500_000_000);
  });

  test('agrees with the library on every row, tier and time of day', async () => {
    const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
    let compared = 0;
    for (const providerId of [
      'openai',
      'anthropic',
      'groq',
      'google',
      'mistral',
      'deepseek',
      'openrouter',
      'x-ai',
    ]) {
      const book = createPriceBook(providerId);
      for (const { id } of findProvider({ providerId })?.models ?? []) {
        for (const inputTokens of [5000, 128_000, 128_001, 200_000, 200_001, 272_001, 3_000_000]) {
          const at = AT + (inputTokens % 24) * 3_600_000;
          const usage = { inputTokens, outputTokens: 678, cacheReadTokens: 1234, cacheWriteTokens: 99 };
          const theirs = priceOf(() =>
            calcPrice(
              {
                input_tokens: inputTokens,
                output_tokens: 678,
                cache_read_tokens: 1234,
                cache_write_tokens: 99,
              },
              id,
              { providerId, timestamp: new Date(at) },
            ),
          );
          const ours = book.price(id, usage, at)?.costNanoUsd;
          if (theirs === undefined || ours === undefined) continue;
          compared++;
          expect(Math.abs(ours - theirs * 1e9), `${providerId}/${id} ${inputTokens}`).toBeLessThanOrEqual(1);
        }
      }
    }
    expect(compared).toBeGreaterThan(5000);
  });

  test('names its source', () => {
    const source = createPriceBook('openai').price(
      'gpt-5-mini',
      { inputTokens: 1, outputTokens: 1 },
      AT,
    )?.source;
    expect(source).toBe('genai-prices openai/gpt-5-mini');
  });

  test.each([
    ['an unknown model', 'nope-9', { inputTokens: 1, outputTokens: 1 }],
    ['usage without output', 'gpt-5-mini', { inputTokens: 1 }],
    ['usage without input', 'gpt-5-mini', { outputTokens: 1 }],
    ['usage that cannot be', 'gpt-5-mini', { inputTokens: 1, outputTokens: 1, cacheReadTokens: 2 }],
  ])('is unknown, never 0, for %s', (_, model, usage) => {
    expect(createPriceBook('openai').price(model, usage, AT)).toBeNull();
  });

  test('is unknown for tokens of a model that is priced by the hour or the page', () => {
    const usage = { inputTokens: 1000, outputTokens: 10 };
    expect(createPriceBook('groq').price('whisper-large-v3', usage, AT)).toBeNull();
    expect(createPriceBook('openai').price('text-embedding-3-small', usage, AT)).toBeNull();
  });

  test('is unknown where there is no table', () => {
    const book = createPriceBook('no-such-vendor');
    expect(book.price('gpt-5-mini', { inputTokens: 1, outputTokens: 1 }, AT)).toBeNull();
    expect(book.offers('gpt-5-mini')).toBe(false);
  });
});

describe('an offer', () => {
  test.each([
    ['openai', 'gpt-5-mini', true],
    ['openai', 'claude-haiku-4-5', false],
    ['azure', 'gpt-5-mini', false],
    ['anthropic', 'claude-haiku-4-5', true],
  ])('by %s of %s: %s', (provider, model, expected) => {
    expect(createPriceBook(provider).offers(model)).toBe(expected);
  });
});

function priceOf(ask: () => { total_price: number } | null): number | undefined {
  try {
    return ask()?.total_price;
  } catch {
    return undefined;
  }
}

test('text written from audio costs by both kinds of tokens, and nothing is made up where one has no price', () => {
  const { priceTranscript } = createPriceBook('openai');
  const tokens = { text: 200, audio: 800, output: 100 };
  const at = Date.UTC(2026, 10, 25);
  // 200 x 2.5 + 800 x 6 + 100 x 10 USD per million.
  expect(priceTranscript?.('gpt-4o-transcribe', tokens, at)).toEqual({
    costNanoUsd: 6_300_000,
    source: 'genai-prices openai/gpt-4o-transcribe',
  });
  for (const model of ['gpt-4o-mini-tts', 'whisper-1', 'nobody-knows'])
    expect(priceTranscript?.(model, tokens, at)).toBeNull();
});

test('price rows by the day they hold from, each in its tiers', () => {
  const history = findPriceHistory('openai', 'gpt-5.6-luna');
  expect(history?.source).toBe('genai-prices openai/gpt-5.6-luna');
  const [first, second] = history?.rows ?? [];
  expect([first?.from, second?.from]).toEqual([null, Date.UTC(2026, 6, 30)]);
  expect(second?.tiers[0]?.rates.input).toBeLessThan(first?.tiers[0]?.rates.input ?? 0);
  expect(first?.tiers.map(({ above }) => above)).toEqual([-1, 271_999]);
  expect(findPriceHistory(null, 'no-vendor-sells-this')).toBeNull();
});
