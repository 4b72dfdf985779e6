/** Figures as people read them. English with en-US separators; money in USD, held as integer nano-USD. */

const NANO_PER_USD = 1_000_000_000;
const count = new Intl.NumberFormat('en-US');

/** `3,214`; from ten million up `12.4 M`. */
export function formatCount(value: number): string {
  if (Math.abs(value) >= 1e10) return `${(value / 1e9).toFixed(1)} B`;
  if (Math.abs(value) >= 1e7) return `${(value / 1e6).toFixed(1)} M`;
  return count.format(Math.round(value));
}

/** Short count for axes: `1.2k`, `3M`. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)}B`;
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e3) return `${trim(value / 1e3)}k`;
  return trim(value);
}

/** Two decimals from one dollar up, else two significant digits. `null` is `unpriced`, never $0. */
export function formatUsd(nano: number | null): string {
  if (nano === null) return 'unpriced';
  const size = Math.abs(nano / NANO_PER_USD);
  if (size === 0) return '$0.00';
  const decimals = size >= 1 ? 2 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(size))));
  const digits = size.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return `${nano < 0 ? '\u2212' : ''}$${digits}`;
}

/** Money on an axis: no more digits than the step needs. */
export function formatUsdShort(nano: number): string {
  const usd = nano / NANO_PER_USD;
  if (usd === 0) return '$0';
  if (Math.abs(usd) >= 1000) return `$${formatShort(usd)}`;
  return `$${Number(usd.toPrecision(2)).toString()}`;
}

/** `840 ms`, `2.41 s`, `1 m 12 s`. `null` (no call has the figure) is a dash. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '\u2013';
  if (ms > 0 && ms < 1) return `${Number(ms.toPrecision(1))} ms`;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} m ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A round duration on an axis: `500 ms`, `2 s`, `1 min`. */
export function formatTick(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1000) return `${trim(ms)} ms`;
  return ms < 60_000 ? `${trim(ms / 1000)} s` : `${trim(ms / 60_000)} min`;
}

/** A share as a percentage: one digit below ten percent. `null` when there is nothing to share. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '\u2013';
  const percent = (part / whole) * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** Difference of two figures as `+18 %`; `new` when there was nothing before; empty when nothing changed or exists. */
export function formatChange(now: number, before: number): string {
  if (now === before) return now === 0 ? '' : '\u00b10 %';
  if (before === 0) return 'new';
  const percent = ((now - before) / before) * 100;
  const sign = percent > 0 ? '+' : '\u2212';
  const size = Math.abs(percent);
  if (size >= 1000) return `\u00d7${formatShort(now / before)}`;
  return `${sign}${size < 1 ? size.toFixed(1) : Math.round(size)} %`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 'B';
  for (const next of units) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `14:02:09` today, `21 Nov 14:02` on other days. */
export function formatTime(at: number, now: number = Date.now()): string {
  const same = new Date(at).toDateString() === new Date(now).toDateString();
  return same ? clock.format(at) : `${day.format(at)} ${minute.format(at)}`;
}

export function formatMoment(at: number): string {
  return full.format(at).replace(',', '');
}

export function formatDay(at: number): string {
  return day.format(at);
}

/** `just now`, `4 min ago`, `3 h ago`, `5 d ago`. */
export function formatAgo(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** `rev_0123456789abcdef` -> `0123456`. */
export function shortRevision(id: string): string {
  return id.replace(/^rev_/, '').slice(0, 7);
}

/** `1 call`, `2 calls`. */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${formatCount(value)} ${value === 1 ? noun : many}`;
}

function trim(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
