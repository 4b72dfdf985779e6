/**
 * Money is an integer number of nano-USD (1 USD = 1e9). A JavaScript number holds up to 9.007 million USD exactly;
 * sums that may pass that are cast to floating point by the store, which keeps 15 digits.
 */
export type NanoUsd = number;

export const NANO_PER_USD = 1_000_000_000;

/** USD -> nano-USD, rounded half away from zero to the nearest integer. */
export function toNanoUsd(usd: number): NanoUsd {
  return Math.sign(usd) * Math.round(Math.abs(usd) * NANO_PER_USD);
}

/** nano-USD -> USD. */
export function toUsd(nano: NanoUsd): number {
  return nano / NANO_PER_USD;
}

/**
 * USD as people read it: two decimals from one dollar up, else as many as leave two significant digits
 * (`$0.00042`). `null` reads as `unpriced`: an unknown cost is never shown as $0.
 */
export function formatUsd(nano: NanoUsd | null): string {
  if (nano === null) return 'unpriced';
  const usd = toUsd(nano);
  const size = Math.abs(usd);
  if (size === 0) return '$0.00';
  const decimals = size >= 1 ? 2 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(size))));
  return `${usd < 0 ? '-' : ''}$${size.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`;
}
