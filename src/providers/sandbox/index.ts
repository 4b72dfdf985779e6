import { TrimtabError } from '../../core/error.ts';
import { isComplete } from '../../core/usage.ts';
import type { ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { policyOf } from '../openai-compatible/data-policy.ts';
import { createOpenAiCompatible } from '../openai-compatible/index.ts';
import type { PriceBook } from '../price-book.ts';
import type { Connection, Provider } from '../provider.ts';

/**
 * Where the sandbox's requests go. The name never resolves: the gateway maps it to the vendor in `vendor/`, which
 * runs in a thread of its own.
 */
export const SANDBOX_ORIGIN = 'http://sandbox.invalid';

/**
 * The sandbox's own price list, USD per million tokens. Nobody is billed by it; it is set in the range of small and
 * large hosted models, so that costs and their differences look as they would.
 */
const PRICES: Record<string, { input: number; output: number; contextTokens: number } | undefined> = {
  small: { input: 0.15, output: 0.6, contextTokens: 32_768 },
  large: { input: 2.5, output: 10, contextTokens: 131_072 },
  embed: { input: 0.02, output: 0, contextTokens: 8_192 },
};

/** USD per million tokens x tokens = micro-USD; x 1000 = nano-USD. */
const NANO_PER_MICRO = 1000;

const priceBook: PriceBook = {
  price(model, usage) {
    const row = rowOf(model);
    if (!row || !isComplete(usage)) return null;
    const microUsd = (usage.inputTokens ?? 0) * row.input + (usage.outputTokens ?? 0) * row.output;
    return { costNanoUsd: Math.round(microUsd * NANO_PER_MICRO), source: 'sandbox price list' };
  },
  offers: (model) => rowOf(model) !== undefined,
  contextTokens: (model) => rowOf(model)?.contextTokens,
};

const compatible = createOpenAiCompatible({
  type: 'sandbox',
  label: 'Sandbox (simulated)',
  baseUrl: `${SANDBOX_ORIGIN}/v1`,
  prices: priceBook,
  data: () => ({ ...policyOf('own', { retentionDays: 0, trainsOnData: false }), regions: ['local'] }),
  can: 'streaming tools parallelTools jsonMode jsonSchema stop seed manyChoices',
  cannot: 'images files audio logprobs',
  own: 'models',
  suggestedModels: ['small', 'large', 'embed'],
  parseOptions,
  sandbox: true,
  source: 'vendor/server.ts',
  asOf: '2026-11-23',
});

/**
 * Simulated models `small`, `large` and `embed`: no account, no network, labelled as sandbox everywhere. Option
 * `timeScale` multiplies every duration: 1 (default) is realistic, 0 answers at once. Faults are asked for by the
 * request, see `vendor/server.ts`.
 */
export const sandbox: Provider = { ...compatible, connect };

function connect(config: ProviderConfig, secrets: ProviderSecrets): Connection {
  const { timeScale } = parseOptions(config.options);
  const headers = { ...secrets.headers, 'x-sandbox-time-scale': String(timeScale) };
  return compatible.connect(config, { ...secrets, headers });
}

/** `small!cut` asks `small` for a fault: same prices. */
function rowOf(model: string) {
  const [name = ''] = model.split('!', 1);
  return Object.hasOwn(PRICES, name) ? PRICES[name] : undefined;
}

function parseOptions({ timeScale = 1, ...rest }: Record<string, unknown>): { timeScale: number } {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new TrimtabError('config_invalid', `\`options.${unknown}\` is not known; expected timeScale`, {
      field: `options.${unknown}`,
    });
  }
  if (typeof timeScale !== 'number' || !(timeScale >= 0 && timeScale <= 1000)) {
    throw new TrimtabError('config_invalid', '`options.timeScale` must be a number from 0 to 1000', {
      field: 'options.timeScale',
    });
  }
  return { timeScale };
}
