/**
 * A Chromium for the tests, found without anyone's help: the npm package `@sparticuz/chromium` (a development
 * dependency, so `npm ci` brings it), else a browser of the system, else, as root on a Debian, `apt-get install chromium`.
 * The package's own unpacking goes to fixed paths under the shared temporary folder; ours goes to a private one, so
 * that several users can test on one machine.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const ARGS = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--font-render-hinting=none',
];

export interface LaunchedChromium {
  browser: Browser;
  /** Which of the ways found it, for the test's report. */
  from: string;
  /** Closes the browser and removes everything that was unpacked. */
  close(): Promise<void>;
}

/** Launches a headless Chromium. Throws, naming every way that was tried and why it failed. */
export async function launchChromium(): Promise<LaunchedChromium> {
  const tried: string[] = [];
  for (const [name, way] of [
    ['npm package', launchPackaged],
    ['system browser', launchSystem],
    ['apt-get', launchInstalled],
  ] as const) {
    try {
      return await way();
    } catch (error) {
      tried.push(
        `${name}: ${error instanceof Error ? error.message.split('\n').slice(0, 6).join(' | ') : error}`,
      );
    }
  }
  throw new Error(`No Chromium for the browser tests.\n${tried.join('\n')}`);
}

async function launchPackaged(): Promise<LaunchedChromium> {
  const root = dirname(dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'))));
  const bin = join(root, 'bin');
  const dir = await mkdtemp(join(tmpdir(), 'trimtab-chromium-'));
  try {
    await chmod(dir, 0o700);
    const executable = join(dir, 'chromium');
    await Promise.all([
      inflate(join(bin, 'chromium.br'), executable),
      untar(join(bin, 'al2023.tar.br'), join(dir, 'al2023')),
      untar(join(bin, 'fonts.tar.br'), join(dir, 'fonts')),
      untar(join(bin, 'swiftshader.tar.br'), dir),
      mkdir(join(dir, 'home')),
    ]);
    await chmod(executable, 0o700);
    await writeFile(join(dir, 'fonts', 'fonts.conf'), fontConfig(dir));
    const env = {
      ...process.env,
      HOME: join(dir, 'home'),
      FONTCONFIG_PATH: join(dir, 'fonts'),
      // Plain Debian lacks libnss and friends; the package brings Amazon Linux's.
      LD_LIBRARY_PATH: [join(dir, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH]
        .filter(Boolean)
        .join(delimiter),
    };
    const browser = await launch(executable, env);
    return { browser, from: '@sparticuz/chromium', close: () => closeAndRemove(browser, dir) };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function launchSystem(): Promise<LaunchedChromium> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const executable = join(folder, name);
      const found = await access(executable, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!found) continue;
      const browser = await launch(executable, { ...process.env });
      return { browser, from: executable, close: () => browser.close() };
    }
  }
  throw new Error(`none of ${NAMES.join(', ')} is on the PATH`);
}

async function launchInstalled(): Promise<LaunchedChromium> {
  if (process.getuid?.() !== 0) throw new Error('not root, so nothing can be installed');
  const options = { stdio: 'pipe', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  execFileSync('apt-get', ['update', '-q'], options);
  execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
  return launchSystem();
}

function launch(executablePath: string, env: NodeJS.ProcessEnv): Promise<Browser> {
  // Chromium's own sandbox needs namespaces that root and most containers lack; only our own pages are opened.
  return chromium.launch({
    executablePath,
    args: [...ARGS, '--no-sandbox'],
    env: env as Record<string, string>,
    headless: true,
    timeout: 30_000,
  });
}

async function closeAndRemove(browser: Browser, dir: string): Promise<void> {
  await browser.close();
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function inflate(source: string, target: string): Promise<void> {
  return pipeline(createReadStream(source), createBrotliDecompress(), createWriteStream(target));
}

async function untar(source: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const tar = spawn('tar', ['-x', '-C', dir], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`tar ended with ${code}`))));
  });
  await Promise.all([pipeline(createReadStream(source), createBrotliDecompress(), tar.stdin), ended]);
}

function fontConfig(dir: string): string {
  const folders = [join(dir, 'fonts'), '/usr/share/fonts', '/usr/local/share/fonts'];
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
${folders.map((folder) => `<dir>${folder}</dir>`).join('\n')}
<cachedir>${join(dir, 'home')}</cachedir>
</fontconfig>
`;
}
