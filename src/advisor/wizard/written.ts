/** Answers as people type them, in a terminal and on a page. */
import type { NumberField } from '../profile/field.ts';

/** `12,000`, `12k`, `1.5m`, `10%`; NaN: no number. */
export function toNumber(written: string): number {
  const match = /^(-?[\d.,_ ]+(?:e\d+)?)\s*(k|m|%)?$/i.exec(written);
  if (!match) return Number.NaN;
  const scale = { k: 1e3, m: 1e6, '%': 0.01 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Number((match[1] as string).replace(/[,_ ]/g, '')) * scale;
}

/** What is wrong with a number as it was typed; `undefined`: nothing. */
export function numberProblem(written: string, { min, max, unit }: NumberField): string | undefined {
  const value = toNumber(written);
  if (!Number.isFinite(value)) return `A number (${unit}), for example 12000, 12k or 1.5m`;
  return value < min || value > max ? `Between ${min} and ${max}` : undefined;
}

/** `en, de` */
export function toList(written: string): string[] {
  return written
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
