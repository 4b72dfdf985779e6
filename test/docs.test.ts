/** What the docs state is what the code does. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { REFERENCES, refresh } from '../scripts/reference.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test.each(Object.keys(REFERENCES))('%s holds what the code says (npm run docs writes it)', (page) => {
  const text = refresh(page);
  expect(text.length).toBeGreaterThan(500);
  expect(read(page)).toBe(text);
});

test('every page of docs/ is reachable from the README, and every local link leads somewhere', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];
  const seen = new Set<string>();
  const broken: string[] = [];
  while (pages.length > 0) {
    const page = pages.pop() as string;
    if (seen.has(page)) continue;
    seen.add(page);
    for (const [, target] of read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
      const path = join(dirname(page), target as string);
      try {
        if (path.endsWith('.md')) pages.push(path);
        else readFileSync(join(root, path));
        if (path.endsWith('.md')) read(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EISDIR') broken.push(`${page}: ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
  for (const page of ['docs/errors.md', 'docs/config.md', 'docs/cli.md', 'docs/api.md', 'docs/providers.md'])
    expect(seen).toContain(page);
});

test('the README and package.json agree on the commands', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [, script] of read('README.md').matchAll(/\bnpm run ([a-z:]+)/g))
    expect(scripts).toHaveProperty([script as string]);
});
