import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Column, printable, renderTable, widthOf } from './table.ts';

interface Row {
  name: string;
  count: number;
}

const columns: Column<Row>[] = [
  { title: 'name', min: 6, cell: ({ name }) => name },
  { title: 'twice', drop: 1, align: 'right', cell: ({ count }) => String(count * 2) },
  { title: 'count', align: 'right', cell: ({ count }) => String(count) },
];
const plain = (columnsWide: number) => ({ colour: false, columns: columnsWide });

describe('renderTable', () => {
  test('aligns, and closes with the totals', () => {
    const rows = [
      { name: 'a', count: 1 },
      { name: 'longer', count: 1000 },
    ];
    expect(renderTable(plain(80), columns, { rows, totals: { name: 'total', count: 1001 } })).toBe(
      [
        'name    twice  count',
        'a           2      1',
        'longer   2000   1000',
        '────────────────────',
        'total    2002   1001',
        '',
      ].join('\n'),
    );
  });

  test('fits the terminal: cuts, then leaves out', () => {
    const rows = [{ name: 'a-very-long-name-of-a-task', count: 5 }];
    expect(renderTable(plain(24), columns, { rows })).toBe(
      'name        twice  count\na-very-lo…     10      5\n',
    );
    expect(renderTable(plain(14), columns, { rows })).toBe('name     count\na-very…      5\n');
  });

  test('no line is wider than the terminal, whatever the texts', () => {
    const row = fc.record({ name: fc.string({ unit: 'grapheme', maxLength: 60 }), count: fc.nat(9_999) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 14, max: 90 }), (rows, width) => {
        for (const line of renderTable(plain(width), columns, { rows }).split('\n')) {
          expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  test('text of others cannot steer the terminal', () => {
    expect(printable('a\x1b[2Jb\nc\u202ed')).toBe('a·[2Jb·c·d');
    const text = renderTable({ colour: true, columns: 80 }, columns, {
      rows: [{ name: '\x1b]0;x\x07', count: 1 }],
    });
    expect(text).not.toContain('\x1b]');
    expect(text).not.toContain('\x07');
  });
});
