import { readFileSync } from 'node:fs';

/** The package's version, read from the `package.json` two folders up (source tree and published package alike). */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
