import { describe, expect, test } from 'vitest';
import { formatBytes, formatDuration, parseMoment } from './when.ts';

const now = Date.UTC(2026, 10, 23, 12);
const at = (text: string, future = false) => parseMoment(text, { flag: 'since', now, future });

describe('parseMoment', () => {
  test.each([
    ['90s', now - 90_000],
    ['30m', now - 1_800_000],
    ['1.5h', now - 5_400_000],
    ['7d', now - 604_800_000],
    ['4w', now - 2_419_200_000],
    ['now', now],
    ['1795442313000', 1_795_442_313_000],
    ['2026-11-01T09:00Z', Date.UTC(2026, 10, 1, 9)],
    ['2026-11-01', new Date(2026, 10, 1).getTime()],
  ])('%s', (text, expected) => expect(at(text)).toBe(expected));

  test('counts forward when asked to', () => expect(at('30d', true)).toBe(now + 2_592_000_000));

  test.each(['', 'yesterday', '7', '7 days', '-7d', '2026-13-45', 'd'])('%j is wrong usage', (text) => {
    expect(() => at(text)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('--since') }),
    );
  });
});

describe('figures', () => {
  test.each([
    [null, '-'],
    [0.12, '0.1 ms'],
    [640, '640 ms'],
    [2_345, '2.35 s'],
    [45_600, '45.6 s'],
    [185_000, '3 min 5 s'],
  ])('%s ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('bytes', () => expect([12, 2_048, 5e9].map(formatBytes)).toEqual(['12 bytes', '2.0 KiB', '4.7 GiB']));
});
