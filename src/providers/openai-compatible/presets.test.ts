/** CONTRIBUTING: a vendor is one entry of thirty lines or fewer, all data. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { presets } from './presets.ts';

const MAX_LINES = 30;
const source = readFileSync(new URL('./presets.ts', import.meta.url), 'utf8');
const entries = [...source.matchAll(/^ {2}\{\n[\s\S]*?^ {2}\},$/gm)].map(([entry]) => entry);

test('every entry is found in the source', () => {
  expect(entries).toHaveLength(presets.length);
  for (const [index, { type }] of presets.entries()) expect(entries[index]).toContain(`type: '${type}'`);
});

test.each(presets.map(({ type }, index) => [type, index] as const))(
  '%s takes thirty lines or fewer',
  (_, index) => {
    expect(entries[index]?.split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  },
);
