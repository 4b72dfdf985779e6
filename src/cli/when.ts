import { usageError } from './io.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * A moment as people write it: an age (`90s`, `30m`, `24h`, `7d`, `4w`), an ISO date or time (`2026-11-01`,
 * `2026-11-01T09:00Z`; a date alone is midnight here), `now`, or epoch milliseconds. `future` counts ages forward.
 * Returns epoch milliseconds; throws a usage error naming the flag.
 */
export function parseMoment(
  text: string,
  { flag, now, future = false }: { flag: string; now: number; future?: boolean },
): number {
  const written = text.trim();
  if (written === 'now') return now;
  const age = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(written);
  if (age) {
    const ms = Math.round(Number(age[1]) * UNIT_MS[age[2] as keyof typeof UNIT_MS]);
    return future ? now + ms : now - ms;
  }
  if (/^\d{11,14}$/.test(written)) return Number(written);
  if (/^\d{4}-\d{2}-\d{2}/.test(written)) {
    const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(written) ? `${written}T00:00` : written);
    if (Number.isFinite(at)) return at;
  }
  throw usageError(`--${flag}: "${text}" is not a time; write 7d, 24h, 30m, or a date like 2026-11-01`);
}

/** `Nov 23 14:03:22`, or with the year when it is another one. Local time. */
export function formatMoment(at: number, now: number): string {
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  const day = date.toLocaleDateString('en-US', {
    month: 'short',
    day: 'numeric',
    ...(sameYear ? {} : { year: 'numeric' }),
  });
  return `${day} ${date.toLocaleTimeString('en-GB')}`;
}

/** `340 ms`, `2.4 s`, `3 min 5 s`. `null` is a dash: not known. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** Thousands separated. `undefined` is a dash: not known. */
export function formatCount(count: number | undefined | null): string {
  return count === undefined || count === null ? '-' : count.toLocaleString('en-US');
}

/** `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}
