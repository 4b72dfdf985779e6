/**
 * `npm run example`: lets the support desk work through real customer messages on the running Trimtab (or one it
 * starts), and says what it cost. The app itself is `triage.ts` and `reply.ts`; everything else here only runs it.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { KeyCreated, StackAnswer, StatusAnswer } from '../../src/control/api-types.ts';
import { formatUsd } from '../../src/core/money.ts';
import type { Choice } from './runner/models.ts';
import { chooseModels, routedModels, toTasks } from './runner/models.ts';
import { createProgress } from './runner/progress.ts';
import type { Costs } from './runner/report.ts';
import { printCosts, readCosts } from './runner/report.ts';
import type { DeskResult } from './runner/run-desk.ts';
import { readMessages, runDesk } from './runner/run-desk.ts';
import type { Server } from './runner/server.ts';
import { ApiRefusal, findOrStart } from './runner/server.ts';

const HELP = `Works through customer messages of a bank: triage, feedback, streamed reply, for eight users at once.

  npm run example -- [options]

  --messages N      how many messages, 1 to 616 (default 160)
  --concurrency N   how many at once (default 16 on the sandbox, 6 elsewhere)
  --sandbox         simulated models, also where real ones are configured
  --yes             go on where the estimate is above $1.00
  --json            print one JSON object instead of tables
  --exit            stop the server at the end, if this started it
  --help            this text

Finds the server by TRIMTAB_URL and TRIMTAB_ADMIN_TOKEN, else in TRIMTAB_DATA_DIR (default ./.trimtab); if none runs,
starts one and keeps it until Ctrl-C. Exit codes: 0 done, 1 failed, 2 wrong options, or
something has to be configured first.`;

const MAX_UNASKED_USD = 1;

interface Options {
  messages: number;
  concurrency: number | null;
  sandbox: boolean;
  yes: boolean;
  json: boolean;
  exit: boolean;
}

/** Ends the run with a code of its own and nothing but its message. */
class Stop extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '160' },
      concurrency: { type: 'string' },
      sandbox: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      exit: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Stop(0, HELP);
  const whole = (name: string, text: string, most: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new Stop(2, `--${name} takes a whole number from 1 to ${most}, not ${text}.`);
  };
  return {
    ...values,
    messages: whole('messages', values.messages, 616),
    concurrency: values.concurrency === undefined ? null : whole('concurrency', values.concurrency, 64),
  };
}

const say = (line = ''): void => {
  process.stderr.write(`${line}\n`);
};

/** Makes sure both tasks exist; says where they go and roughly what that costs. */
async function prepareTasks(server: Server, options: Options): Promise<{ sandbox: boolean }> {
  const stack = await server.api<StackAnswer>('GET', '/stack');
  const routed = routedModels(stack);
  if (routed) {
    say('  Tasks triage and support-reply exist already: their routes are used as they are.');
    if (options.sandbox && !routed.sandbox) {
      throw new Stop(
        2,
        `  They go to ${routed.models.join(' and ')}, which is not the sandbox: change their routes.`,
      );
    }
    announce(routed, options);
    return routed;
  }
  const choice = chooseModels(stack, options.sandbox);
  const missing = Object.entries(toTasks(choice)).filter(([name]) => !Object.hasOwn(stack.stack.tasks, name));
  announce(choice, options);
  for (const [name, task] of missing) {
    await server.api('POST', '/tasks', { name, ...task }).catch((error: unknown) => {
      if (error instanceof ApiRefusal && error.code === 'config_is_file') {
        throw new Stop(2, toSnippet(stack.origin, Object.fromEntries(missing)));
      }
      throw error;
    });
  }
  return choice;
}

function announce({ models, sandbox, usdPerMessage }: Choice, { messages, yes }: Options): void {
  if (sandbox) {
    say(`  Models: ${models.join(' and ')} (simulated: no account, nothing is spent).`);
    return;
  }
  const usd = usdPerMessage === null ? null : usdPerMessage * messages;
  const cost =
    usd === null ? 'at a price that is not known' : `about $${usd.toFixed(usd < 0.1 ? 3 : 2)} at most`;
  say(`  Models: ${models.join(' and ')}, ${cost} for ${messages} messages. --sandbox uses simulated ones.`);
  if (usd !== null && usd > MAX_UNASKED_USD && !yes) {
    throw new Stop(
      2,
      `  That is more than $${MAX_UNASKED_USD.toFixed(2)}: add --yes, or --messages with fewer.`,
    );
  }
}

function toSnippet(origin: string, tasks: Record<string, unknown>): string {
  const text = JSON.stringify({ tasks }, null, 2);
  return `\n  The stack comes from ${origin}. Add these tasks there, then run this again:\n\n${text}\n`;
}

async function work(server: Server, options: Options): Promise<void> {
  const { sandbox } = await prepareTasks(server, options);
  const key = await server.api<KeyCreated>('POST', '/keys', { name: 'support-desk', owner: 'support' });
  const messages = readMessages(options.messages);
  const startedAt = Date.now();
  const progress = createProgress(messages.length, process.stderr);
  const concurrency = options.concurrency ?? (sandbox ? 16 : 6);
  const result = await runDesk({ url: server.url, key: key.key, messages, concurrency, progress });
  const seconds = (Date.now() - startedAt) / 1000;
  for (const [text, times] of result.errors) say(`  ${times} failed: ${text}`);
  const costs = await readCosts(server, { keyId: key.id, calls: result.calls, sandbox });
  await server.api('POST', `/keys/${key.id}/disable`);
  if (options.json) printJson(server, { result, costs, seconds, sandbox });
  else await printReport(server, { result, costs, seconds, sandbox });
  if (result.failed === messages.length) throw new Stop(1, '  Every message failed.');
}

interface Outcome {
  result: DeskResult;
  costs: Costs;
  seconds: number;
  sandbox: boolean;
}

function printJson({ url }: Server, { result, costs, seconds, sandbox }: Outcome): void {
  const { done, triaged, correct, failed, calls } = result;
  const accuracy = triaged > 0 ? correct / triaged : null;
  process.stdout.write(
    `${JSON.stringify({ url, sandbox, seconds, messages: done, failed, calls, accuracy, ...costs })}\n`,
  );
}

async function printReport(server: Server, { result, costs, seconds, sandbox }: Outcome): Promise<void> {
  const { done, triaged, correct, calls, sample } = result;
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  print('');
  if (sample) {
    print(`  "${sample.message}"`);
    print(`  -> ${sample.intent}`);
    print(`  -> ${sample.draft}`);
    print('');
  }
  const share = triaged > 0 ? `${((correct / triaged) * 100).toFixed(1)} %` : 'none';
  print(
    `  ${done} messages, ${calls} calls in ${seconds.toFixed(0)} s. Right intent: ${share} of ${triaged}.`,
  );
  const total = costs.tasks.reduce((sum, row) => sum + row.costNanoUsd, 0);
  print(`  Cost: ${formatUsd(total)}, ${formatUsd(Math.round(total / Math.max(1, done)))} per message.`);
  if (sandbox) print('  Simulated models: prices are the sandbox price list, and nothing was spent.');
  print('');
  printCosts(costs, print);
  const { version } = await server.api<StatusAnswer>('GET', '/status');
  print(`  See it all: ${server.url}   (Trimtab ${version}; npm run trimtab -- costs --by task,user)`);
}

/** Keeps a server this run started until Ctrl-C, or stops it. */
async function leave({ child, url }: Server, exit: boolean): Promise<void> {
  if (!child || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  if (exit) child.kill('SIGTERM');
  else say(`\n  The server this example started keeps running at ${url}. Ctrl-C stops it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  await gone;
}

function greet({ url, child, secrets }: Server): void {
  say(child ? `  Started Trimtab at ${url}.` : `  Trimtab runs at ${url}.`);
  if (secrets.adminToken) say(`  Admin token  ${secrets.adminToken}   (shown this once: sign in with it)`);
  if (secrets.key) say(`  Virtual key  ${secrets.key}   (shown this once)`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const server = await findOrStart(process.env);
  greet(server);
  try {
    await work(server, options);
  } catch (error) {
    server.child?.kill('SIGTERM');
    throw error;
  }
  await leave(server, options.exit);
}

try {
  await main();
} catch (error) {
  const isUsage =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  const stop =
    error instanceof Stop
      ? error
      : new Stop(isUsage ? 2 : 1, `  ${error instanceof Error ? error.message : String(error)}`);
  if (stop.message !== '') say(stop.message);
  process.exitCode = stop.exitCode;
}
