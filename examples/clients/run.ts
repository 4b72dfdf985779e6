/**
 * `npm run example:clients`: runs each app of `apps/` under each config of `configs/`, and says which deployment answered. The
 * apps and their environment stay the same; between two configs only `TRIMTAB_CONFIG` of the server changes.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { CallsAnswer } from '../../src/control/api-types.ts';
import { type RunningTrimtab, startTrimtab } from '../../src/main.ts';
import { startStandIn } from './stand-in.ts';

const HELP = `Runs one app per official client on a hosted, a private-cloud and a self-hosted deployment.

  npm run example:clients -- [options]

  --app NAME      only this app (repeatable): openai-chat, openai-responses, anthropic, ai-sdk, langchain
  --config NAME   only this config (repeatable): hosted, private-cloud, self-hosted
  --json          print one JSON object instead of a table
  --help          this text

Without an account each deployment is stood in for by the sandbox's simulated vendor, each on a port of its own. The real one is
called where MISTRAL_API_KEY, AWS_BEARER_TOKEN_BEDROCK or VLLM_BASE_URL is set. Exit codes: 0 done, 1 an app failed,
2 wrong options.`;

const APPS = ['openai-chat', 'openai-responses', 'anthropic', 'ai-sdk', 'langchain'];
/** Where each config reads its address and model, and what shows that there is a real one. */
const CONFIGS = [
  { name: 'hosted', address: 'HOSTED_BASE_URL', model: 'HOSTED_MODEL', real: 'MISTRAL_API_KEY' },
  {
    name: 'private-cloud',
    address: 'PRIVATE_BASE_URL',
    model: 'PRIVATE_MODEL',
    real: 'AWS_BEARER_TOKEN_BEDROCK',
  },
  { name: 'self-hosted', address: 'VLLM_BASE_URL', model: 'VLLM_MODEL', real: 'VLLM_BASE_URL' },
] as const;
type Config = (typeof CONFIGS)[number];

export interface Row {
  app: string;
  config: string;
  /** The deployment that answered, as the call's record has it. */
  deployment: string | null;
  protocol: string;
  answer: string;
  standIn: boolean;
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const run = promisify(execFile);
const QUESTION = 'Where is my card? It should have come last week.';
/** Nothing of this process's own but what makes starts quick. */
const APP_ENV = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };
const WAIT_MS = 10_000;
const ADMIN_TOKEN = randomBytes(24).toString('hex');
/** The same for every app and config, as is the address: the server stops and starts at the same port. */
const KEY = `tt-${randomBytes(16).toString('hex')}`;

async function underConfig(config: Config, apps: readonly string[], server: { port: number; dir: string }) {
  const standIn = process.env[config.real] ? null : await startStandIn();
  const standInEnv = standIn && {
    ...(config.real !== config.address && { [config.real]: 'a-stand-in-takes-any-key' }),
    [config.address]: standIn.baseUrl,
    [config.model]: 'small',
  };
  const trimtab = await startTrimtab({
    port: server.port,
    dataDir: server.dir,
    configPath: join(folder, 'configs', `${config.name}.config.ts`),
    env: { ...process.env, ...standInEnv },
    adminToken: ADMIN_TOKEN,
    firstKey: KEY,
    watch: false,
  });
  const rows: Row[] = [];
  try {
    for (const app of apps) rows.push(await runApp(app, { config, trimtab, standIn: standIn !== null }));
  } finally {
    await trimtab.stop();
    await standIn?.close();
  }
  return { rows, port: Number(new URL(trimtab.url).port), standInCalls: standIn?.calls ?? null };
}

async function runApp(
  app: string,
  { config, trimtab, standIn }: { config: Config; trimtab: RunningTrimtab; standIn: boolean },
): Promise<Row> {
  const before = await lastCall(trimtab);
  const { stdout } = await run(process.execPath, [join(folder, 'apps', `${app}.ts`), QUESTION], {
    env: { ...APP_ENV, TRIMTAB_URL: trimtab.url, TRIMTAB_KEY: KEY },
  });
  let call = await lastCall(trimtab);
  // The record is on disk when the app has its answer; the page of calls has it a moment later.
  const deadline = Date.now() + WAIT_MS;
  while (call?.id === before?.id) {
    if (Date.now() > deadline) throw new Error(`${app} made no call that Trimtab knows of.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    call = await lastCall(trimtab);
  }
  const { deployment = null, protocol = '' } = call ?? {};
  return { app, config: config.name, deployment, protocol, answer: stdout.trim(), standIn };
}

async function lastCall({ url }: RunningTrimtab): Promise<CallsAnswer['calls'][number] | undefined> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(`${url}/api/v1/calls?limit=1`, { headers });
  return ((await response.json()) as CallsAnswer).calls[0];
}

function pick<Item>(
  all: readonly Item[],
  wanted: string[] | undefined,
  nameOf: (item: Item) => string,
): Item[] {
  const unknown = wanted?.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) throw new TypeError(`There is no ${unknown}.`);
  return all.filter((item) => wanted?.includes(nameOf(item)) ?? true);
}

function readOptions() {
  const several = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    options: { app: several, config: several, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const { json = false, help = false } = values;
  const apps = pick(APPS, values.app, (app) => app);
  return { json, help, apps, configs: pick(CONFIGS, values.config, ({ name }) => name) };
}

async function main(): Promise<void> {
  const { apps, configs, json, help } = readOptions();
  if (help) {
    console.log(HELP);
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'trimtab-clients-'));
  const rows: Row[] = [];
  const standInCalls: Record<string, number | null> = {};
  try {
    let port = 0;
    for (const config of configs) {
      const done = await underConfig(config, apps, { port, dir: join(dir, 'data') });
      port = done.port;
      standInCalls[config.name] = done.standInCalls;
      rows.push(...done.rows);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  if (json) console.log(JSON.stringify({ rows, standInCalls }));
  else console.table(rows.map(({ answer, ...row }) => ({ ...row, answer: answer.slice(0, 40) })));
}

main().catch((error: unknown) => {
  const { message, stderr } = error as Error & { stderr?: string };
  console.error(stderr || message);
  process.exitCode = error instanceof TypeError ? 2 : 1;
});
