/** The built dashboard on a real server over a seeded store, and a real Chromium signed in to it. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type RunningTrimtab, startTrimtab } from '../../../src/main.ts';
import { type LaunchedChromium, launchChromium } from '../../support/chromium.ts';
import { SEED_CONFIG, seedStore } from './seed.ts';

export const ADMIN_TOKEN = 'browser-test-admin-token';
export const KEY = `tt-${'b'.repeat(32)}`;
const ROOT = join(import.meta.dirname, '..', '..', '..');

export interface DashboardOptions {
  /** Calls put into the store before the start. Default 0: an empty server. */
  calls?: number;
  /** The stack; default the seeded one. `null`: nothing but the sandbox, as on a first start. */
  config?: object | null;
}

export interface Dashboard {
  url: string;
  running: RunningTrimtab;
  chromium: LaunchedChromium;
  /** A fresh browser profile, signed in unless said otherwise. Console errors fail the test that checks them. */
  open(path: string, options?: BrowserContextOptions & { signedIn?: boolean }): Promise<OpenPage>;
  dispose(): Promise<void>;
}

export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** Console errors, uncaught errors and failed requests so far. */
  problems: string[];
  close(): Promise<void>;
}

export async function openDashboard({
  calls = 0,
  config = SEED_CONFIG,
}: DashboardOptions = {}): Promise<Dashboard> {
  const [, cwd] = await Promise.all([buildDashboard(), mkdtemp(join(tmpdir(), 'trimtab-browser-'))]);
  const dataDir = join(cwd, 'data');
  if (calls > 0) await seedStore({ dataDir, calls, until: Date.now() - 5_000 });
  if (config !== null) await writeFile(join(cwd, 'trimtab.config.json'), JSON.stringify(config));
  const [running, chromium] = await Promise.all([
    startTrimtab({
      port: 0,
      cwd,
      dataDir,
      env: { SEED_OPENAI_KEY: 'unused', SEED_ANTHROPIC_KEY: 'unused' },
      probeLocal: false,
      watch: false,
      adminToken: ADMIN_TOKEN,
      firstKey: KEY,
    }),
    launchChromium(),
  ]);
  return {
    url: running.url,
    running,
    chromium,
    open: (path, options) => openPage({ url: running.url, chromium, path, options: options ?? {} }),
    async dispose() {
      await chromium.close();
      await running.stop();
      await rm(cwd, { recursive: true, force: true });
    },
  };
}

interface OpenInput {
  url: string;
  chromium: LaunchedChromium;
  path: string;
  options: BrowserContextOptions & { signedIn?: boolean };
}

async function openPage({ url, chromium, path, options }: OpenInput): Promise<OpenPage> {
  const { signedIn = true, ...rest } = options;
  const context = await chromium.browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...rest,
  });
  if (signedIn) {
    const answer = await context.request.post(`${url}/api/v1/session`, { data: { token: ADMIN_TOKEN } });
    if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`);
  }
  const page = await context.newPage();
  // Well under a test's own limit, so that a failure says what it waited for.
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // Leaving a page ends what it had asked for.
    if (reason !== 'net::ERR_ABORTED') problems.push(`${request.url()}: ${reason}`);
  });
  await page.goto(`${url}${path}`);
  return { page, context, problems, close: () => context.close() };
}

/** Builds once per change of the sources; test files that run at the same time share the result. */
async function buildDashboard(): Promise<void> {
  const dist = join(ROOT, 'dashboard', 'dist', 'index.html');
  if (existsSync(dist) && statSync(dist).mtimeMs > newest(join(ROOT, 'dashboard'))) return;
  // A process of its own: under a test runner's NODE_ENV it would be another build.
  await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', 'dashboard'],
    {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
}

function newest(folder: string): number {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return time;
}
