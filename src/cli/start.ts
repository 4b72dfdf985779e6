import { extname } from 'node:path';
import { defineCommand } from 'citty';
import type { Notice } from '../control/link.ts';
import { TrimtabError } from '../core/error.ts';
import { type RunningTrimtab, startTrimtab } from '../main.ts';
import { createLogger, LOG_LEVELS, type LogLevel } from './logger.ts';

const DEFAULT_PORT = 7070;
const MAX_PORT = 65_535;

/** `trimtab start`: serves until it is told to stop. Flags win over `TRIMTAB_*` variables. */
export const startCommand = defineCommand({
  meta: { name: 'start', description: 'Start the server: gateway, control API and dashboard' },
  args: {
    port: { type: 'string', description: `Port; 0 takes a free one (TRIMTAB_PORT, default ${DEFAULT_PORT})` },
    host: { type: 'string', description: 'Address to listen on (TRIMTAB_HOST, default 127.0.0.1)' },
    'data-dir': { type: 'string', description: 'Data folder (TRIMTAB_DATA_DIR, default ./.trimtab)' },
    config: { type: 'string', description: 'Config file (TRIMTAB_CONFIG, default trimtab.config.*)' },
    'log-level': {
      type: 'string',
      description: `${LOG_LEVELS.join(', ')} (TRIMTAB_LOG_LEVEL, default warn)`,
    },
    json: { type: 'boolean', description: 'Print one line of JSON instead of text' },
  },
  async run({ args }) {
    const { env } = process;
    const logger = createLogger(readLevel(args['log-level'] ?? env.TRIMTAB_LOG_LEVEL));
    const running = await startTrimtab({
      host: args.host ?? given(env.TRIMTAB_HOST) ?? '127.0.0.1',
      port: readPort(args.port ?? given(env.TRIMTAB_PORT)),
      ...definedOf({
        dataDir: args['data-dir'] ?? given(env.TRIMTAB_DATA_DIR),
        configPath: args.config,
      }),
      databaseUrl: given(env.DATABASE_URL) ?? null,
      adminToken: given(env.TRIMTAB_ADMIN_TOKEN) ?? null,
      firstKey: given(env.TRIMTAB_KEY) ?? null,
      logger,
      onNotice: ({ level, text }) => logger[level]({}, text),
    });
    stopOnSignal(running);
    process.stdout.write(args.json ? toJson(running) : toBanner(running, process.stdout.isTTY === true));
  },
});

/** First signal: a graceful stop. Second: out at once. */
function stopOnSignal(running: RunningTrimtab): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
    asked = true;
    if (process.stderr.isTTY)
      process.stderr.write('\nFinishing calls under way. Once more to stop at once.\n');
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Stopping failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text);
  throw new TrimtabError('config_invalid', `port: \`${text}\` is not a number from 0 to ${MAX_PORT}`, {
    field: 'port',
  });
}

function readLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return 'warn';
  const level = LOG_LEVELS.find((name) => name === text);
  if (level) return level;
  throw new TrimtabError('config_invalid', `log-level: \`${text}\` is not one of ${LOG_LEVELS.join(', ')}`, {
    field: 'log-level',
  });
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function definedOf<T extends Record<string, string | undefined>>(members: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

function toJson({ url, dataDir, notices }: RunningTrimtab): string {
  const line = {
    url,
    dataDir,
    adminToken: noticeText(notices, 'admin-token') ?? null,
    key: noticeText(notices, 'first-key') ?? null,
  };
  return `${JSON.stringify(line)}\n`;
}

function toBanner(running: RunningTrimtab, colours: boolean): string {
  const { url, version, notices, exampleModel } = running;
  const token = noticeText(notices, 'admin-token');
  const key = noticeText(notices, 'first-key');
  const command = extname(import.meta.url) === '.ts' ? 'npm run trimtab --' : 'npx trimtab';
  const bold = (text: string) => (colours ? `\x1b[1m${text}\x1b[0m` : text);
  const dim = (text: string) => (colours ? `\x1b[2m${text}\x1b[0m` : text);
  const found = notices.filter(({ name }) => name === 'found').map(({ text }) => text);
  const warnings = notices.filter(({ level, name }) => level !== 'info' && name === undefined);
  const lines = [
    '',
    `  ${bold(`Trimtab ${version}`)} is running.`,
    '',
    `  Dashboard    ${bold(url)}`,
    ...(token
      ? [
          `  Admin token  ${bold(token)}`,
          dim('               shown this once; TRIMTAB_ADMIN_TOKEN sets another'),
        ]
      : []),
    ...(key
      ? [
          `  Virtual key  ${bold(key)}`,
          dim(`               shown this once; more: ${command} keys create --name app`),
        ]
      : []),
    ...found.map((text, at) => `  ${at === 0 ? 'Found      ' : '           '}  ${text}`),
    ...warnings.map(({ text }) => `  ${bold('Warning')}      ${text}`),
    '',
    '  Make a call:',
    '',
    ...toCurl(url, exampleModel, key).map((line) => `    ${line}`),
    '',
    '  Then see what it cost:',
    '',
    `    ${command} costs --by task,user`,
    '',
    '',
  ];
  return lines.join('\n');
}

function toCurl(url: string, model: string, key: string | undefined): string[] {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello' }] });
  return [
    `curl ${url}/v1/chat/completions \\`,
    `  -H "authorization: Bearer ${key ?? '$TRIMTAB_KEY'}" \\`,
    '  -H "content-type: application/json" \\',
    `  -d '${body}'`,
  ];
}

function noticeText(notices: readonly Notice[], name: Notice['name']): string | undefined {
  return notices.find((notice) => notice.name === name)?.text;
}
