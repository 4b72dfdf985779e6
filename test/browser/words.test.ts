import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOutFlows } from '../../dashboard/src/charts/flow-layout.ts';
import { createSeriesColours, SERIES_COUNT } from '../../dashboard/src/look/series.ts';
import { toCsv } from '../../dashboard/src/parts/csv.ts';
import { compareInWords, findMovers, rankMovers } from '../../dashboard/src/words/compare.ts';
import { formatChange, formatMs, formatShare, formatUsd } from '../../dashboard/src/words/format.ts';
import { formatUsd as formatUsdInCore } from '../../src/core/money.ts';

describe('figures in words', () => {
  test('money reads as the rest of the product writes it, and unknown is never $0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e15 }), (nano) => {
        expect(formatUsd(nano)).toBe(formatUsdInCore(nano));
      }),
    );
    expect(formatUsd(null)).toBe('unpriced');
  });

  test('durations keep two or three digits; a figure no call has is a dash', () => {
    expect([0.04, 8.25, 840, 2_410, 15_000, 72_000].map(formatMs)).toEqual([
      '0.04 ms',
      '8.3 ms',
      '840 ms',
      '2.41 s',
      '15.0 s',
      '1 m 12 s',
    ]);
    expect(formatMs(null)).toBe('–');
  });

  test('a share that is not nothing never reads as 0', () => {
    expect(formatShare(0, 10)).toBe('0 %');
    expect(formatShare(1, 100_000)).toBe('< 0.1 %');
    expect(formatShare(1, 0)).toBe('–');
  });

  test('a change says its direction, and does not divide by nothing', () => {
    expect(formatChange(118, 100)).toBe('+18 %');
    expect(formatChange(50, 100)).toBe('−50 %');
    expect(formatChange(3, 0)).toBe('new');
    expect(compareInWords(118, 100)).toBe('18 % more than');
    expect(compareInWords(0, 0)).toBe('as before');
    expect(compareInWords(100.2, 100)).toBe('about as much as');
    expect(compareInWords(900, 100)).toBe('9.0 times as much as');
  });

  test('movers are the largest changes either way, groups that ended included', () => {
    const now = [
      { name: 'up', cost: 90, calls: 9 },
      { name: 'same', cost: 10, calls: 1 },
    ];
    const before = [
      { name: 'gone', cost: 70, calls: 7 },
      { name: 'same', cost: 10, calls: 1 },
      { name: 'up', cost: 50, calls: 5 },
    ];
    const movers = rankMovers(findMovers('task', now, before));
    expect(movers.map(({ name, now: cost, before: was }) => [name, cost - was])).toEqual([
      ['gone', -70],
      ['up', 40],
    ]);
  });
});

describe('CSV', () => {
  test('a cell cannot end its row, nor run as a formula', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,"y"\n', '=HYPERLINK(1)'],
          [null, -5],
        ],
      ),
    ).toBe('a,b\r\n"x,""y""\n",\'=HYPERLINK(1)\r\n,-5\r\n');
  });
});

describe('colours of deployments', () => {
  test('stay what they were, also in another visit, and spread evenly', () => {
    let kept: string | null = null;
    const memory = {
      read: () => kept,
      write(text: string) {
        kept = text;
      },
    };
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), (names) => {
        kept = null;
        const first = createSeriesColours(memory);
        const given = names.map((name) => first.indexOf(name));
        const again = createSeriesColours(memory);
        expect([...names].reverse().map((name) => again.indexOf(name))).toEqual([...given].reverse());
        expect(new Set(given).size).toBe(Math.min(names.length, SERIES_COUNT));
      }),
    );
  });

  test('a damaged memory is forgotten, not trusted', () => {
    for (const text of ['{', '[["a", 99]]', '{"a":1}', '[["a"]]']) {
      expect(createSeriesColours({ read: () => text, write() {} }).indexOf('a')).toBe(0);
    }
  });
});

describe('the picture of flows', () => {
  const flow = fc.record({
    from: fc.constantFrom('a', 'b', 'c'),
    to: fc.constantFrom('x', 'y', 'z'),
    calls: fc.integer({ min: 1, max: 1_000_000 }),
  });

  test('bands are as thick as their share, inside their nodes, and nodes never overlap', () => {
    fc.assert(
      fc.property(fc.uniqueArray(flow, { selector: ({ from, to }) => from + to, minLength: 1 }), (flows) => {
        const { left, right, bands } = layOutFlows(flows, 180);
        expect(bands.reduce((sum, band) => sum + band.thickness, 0)).toBeCloseTo(180);
        for (const [nodes, edge, side] of [
          [left, 'fromY', 'from'],
          [right, 'toY', 'to'],
        ] as const) {
          nodes.slice(1).forEach((node, index) => {
            const above = nodes[index];
            expect(node.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
          });
          for (const band of bands) {
            const node = nodes.find(({ name }) => name === band[side]);
            expect(band[edge]).toBeGreaterThanOrEqual((node?.y ?? 0) - 1e-6);
            expect(band[edge] + band.thickness).toBeLessThanOrEqual(
              (node?.y ?? 0) + (node?.height ?? 0) + 1e-6,
            );
          }
        }
      }),
    );
  });
});
