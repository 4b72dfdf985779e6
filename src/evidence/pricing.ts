/** What a usage costs: the deployment's own price when it states one, else its provider's dated price table. */
import { NANO_PER_USD, type NanoUsd, toNanoUsd } from '../core/money.ts';
import { isComplete, type Usage } from '../core/usage.ts';
import type { Connection, PricedCost } from '../providers/provider.ts';
import type { DeploymentConfig, HostedPrice, TokenPrice } from '../stack/stack.ts';

export interface PriceQuestion {
  deployment: DeploymentConfig;
  connection: Pick<Connection, 'price'>;
  usage: Usage;
  /** Epoch milliseconds: price tables are dated. */
  at: number;
  /** Output tokens per second of a deployment priced by `measured` throughput; see throughput.ts. */
  measuredTokensPerSecond?: number | null;
  /** What a token costs as a share of its stated price, for what went through a vendor's batch API. Default 1. */
  share?: number;
}

export interface StatedPrice {
  /** USD per million tokens. */
  inputPerMillion: number;
  outputPerMillion: number;
  source: string;
}

const MILLION = 1_000_000;
const SECONDS_PER_HOUR = 3600;
/** Tokens a table's price is read at: enough digits, and under every vendor's long-context tier. */
const SAMPLE_TOKENS = 10_000;

/**
 * Cost of one attempt, rounded once. `null`, never 0, when the usage is incomplete, no price is known, or the price
 * waits for a throughput not measured yet.
 */
export function priceUsage(question: PriceQuestion): PricedCost | null {
  const { deployment, connection, usage, at, measuredTokensPerSecond, share = 1 } = question;
  if (!isComplete(usage)) return null;
  if (deployment.price === null) return shareOf(connection.price(deployment.model, usage, at), share);
  const rates = ownRates(deployment.price, measuredTokensPerSecond);
  return shareOf(rates && { costNanoUsd: costOf(usage, rates), source: rates.source }, share);
}

function shareOf(priced: PricedCost | null, share: number): PricedCost | null {
  if (priced === null || share === 1) return priced;
  return { costNanoUsd: Math.round(priced.costNanoUsd * share), source: `${priced.source} x ${share} batch` };
}

/** The price now, for people to read; `null`: unpriced. Long-context tiers of a table are not shown. */
export function statedPrice(question: Omit<PriceQuestion, 'usage'>): StatedPrice | null {
  const { deployment, connection, at, measuredTokensPerSecond } = question;
  if (deployment.price !== null) {
    const rates = ownRates(deployment.price, measuredTokensPerSecond);
    return rates && { inputPerMillion: rates.input, outputPerMillion: rates.output, source: rates.source };
  }
  const input = connection.price(deployment.model, { inputTokens: SAMPLE_TOKENS, outputTokens: 0 }, at);
  const output = connection.price(deployment.model, { inputTokens: 0, outputTokens: SAMPLE_TOKENS }, at);
  if (!input) return null;
  return {
    inputPerMillion: perMillion(input.costNanoUsd),
    // A table without an output price is that of a model without output: embeddings.
    outputPerMillion: output ? perMillion(output.costNanoUsd) : 0,
    source: input.source,
  };
}

/** USD per million tokens of each kind. */
interface Rates {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  source: string;
}

function ownRates(price: TokenPrice | HostedPrice, measured: number | null | undefined): Rates | null {
  if ('usdPerHour' in price) return hostedRates(price, measured);
  const input = price.inputPerMillion;
  return {
    input,
    output: price.outputPerMillion,
    cacheRead: price.cacheReadPerMillion ?? input,
    cacheWrite: price.cacheWritePerMillion ?? input,
    source: 'config',
  };
}

/** An hour's price over the tokens an hour sustains. Cached input counts as input: the hour is paid either way. */
function hostedRates(price: HostedPrice, measured: number | null | undefined): Rates | null {
  const isMeasured = price.outputTokensPerSecond === 'measured';
  const perSecond = price.outputTokensPerSecond === 'measured' ? measured : price.outputTokensPerSecond;
  if (!perSecond || perSecond < 0) return null;
  const output = (price.usdPerHour / SECONDS_PER_HOUR / perSecond) * MILLION;
  const input = output * price.inputShare;
  const source = isMeasured ? 'gpu-hour measured' : 'gpu-hour';
  return { input, output, cacheRead: input, cacheWrite: input, source };
}

function costOf(usage: Usage, rates: Rates): NanoUsd {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  const plain = Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens);
  const millionths =
    plain * rates.input +
    cacheReadTokens * rates.cacheRead +
    cacheWriteTokens * rates.cacheWrite +
    outputTokens * rates.output;
  return toNanoUsd(millionths / MILLION);
}

function perMillion(costNanoUsd: NanoUsd): number {
  return (costNanoUsd * (MILLION / SAMPLE_TOKENS)) / NANO_PER_USD;
}
