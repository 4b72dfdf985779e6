/**
 * The Portkey gateway from npm (MIT), as its own command starts it, in a process that tells its figures. Fetched once into a
 * folder of the temporary files: 95 packages for this comparison alone would weigh on everybody who installs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerFigures } from './figures.ts';

const VERSION = '1.15.2';
const folder = join(tmpdir(), `trimtab-bench-portkey-${VERSION}`);
const entry = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');

if (!existsSync(entry)) {
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  execFileSync('npm', ['install', ...flags, `@portkey-ai/gateway@${VERSION}`], { stdio: 'ignore' });
}

const probe = createServer();
const port = await new Promise<number>((resolve) => {
  probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port));
});
await new Promise((resolve) => probe.close(resolve));

// It reads its options from the command line, and writes a banner.
process.argv.push(`--port=${port}`, '--headless');
process.env.NODE_ENV = 'production';
await import(pathToFileURL(entry).href);
copyHeaders();

const url = `http://127.0.0.1:${port}`;
while (!(await fetch(url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 50));
process.send?.({ url });
answerFigures();

/**
 * With any node-server of Hono that npm installs for it today its streams fail (`TypeError: immutable`,
 * https://github.com/Portkey-AI/gateway/issues/1389, read 2026-11-25): it adds to headers of a response of `fetch`. A copy of them is enough.
 */
function copyHeaders(): void {
  const Inner = globalThis.Response;
  globalThis.Response = class extends Inner {
    constructor(body?: ConstructorParameters<typeof Inner>[0], init?: ResponseInit) {
      const copied = body instanceof ReadableStream && init?.headers instanceof Headers;
      super(body, copied ? { ...statusOf(init), headers: Object.fromEntries(init.headers) } : init);
    }
  };
}

function statusOf({ status = 200, statusText = '' }: ResponseInit): ResponseInit {
  return { status, statusText };
}
