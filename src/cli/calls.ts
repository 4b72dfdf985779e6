import { defineCommand } from 'citty';
import type { CallAnswer, CallsAnswer } from '../control/api-types.ts';
import { formatUsd } from '../core/money.ts';
import { createSseDecoder } from '../core/sse.ts';
import type { CallSummary } from '../store/store.ts';
import { renderCall } from './call-timeline.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { readLimit } from './costs.ts';
import { type CliIo, type CommandData, paint, printJson, usageError } from './io.ts';
import { type Column, printable, renderTable } from './table.ts';
import { formatCount, formatDuration, formatMoment, parseMoment } from './when.ts';

const OUTCOMES = ['ok', 'error', 'client_left', 'refused'];
const MAX_ROWS = 500;

const filterArgs = {
  task: { type: 'string', description: 'Calls of this task' },
  user: { type: 'string', description: 'Calls of this user' },
  deployment: { type: 'string', description: 'Calls this deployment answered' },
  key: { type: 'string', description: 'Calls by this virtual key (its id)' },
  outcome: { type: 'string', description: OUTCOMES.join(', ') },
  unpriced: { type: 'boolean', description: 'Calls without a known cost' },
  sandbox: { type: 'boolean', description: 'Simulated calls only; --no-sandbox: real ones only' },
  search: { type: 'string', description: 'Start of a call id, or a whole task, user or deployment' },
} as const;

interface Filter {
  task?: string | undefined;
  user?: string | undefined;
  deployment?: string | undefined;
  key?: string | undefined;
  outcome?: string | undefined;
  unpriced?: boolean | undefined;
  sandbox?: boolean | undefined;
  search?: string | undefined;
}

const showCommand = defineCommand({
  meta: { name: 'show', description: 'One call: stages, attempts, tokens, cost and why each was chosen' },
  args: {
    id: { type: 'positional', required: true, description: 'Call id, or the start of one' },
    payload: { type: 'boolean', description: 'Print the captured request and answer too' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const id = await findCallId(client, args.id);
      const call = await client.get<CallAnswer>(`/api/v1/calls/${encodeURIComponent(id)}`);
      if (args.json) printJson(io, call);
      else io.out(renderCall(call, { io, payload: args.payload === true }));
    });
  },
});

/** `trimtab calls`: what was called, newest first. */
export const callsCommand = defineCommand({
  meta: { name: 'calls', description: 'List, follow and show calls' },
  subCommands: { show: showCommand },
  args: {
    ...filterArgs,
    since: { type: 'string', description: 'Age or date: 1h, 7d, 2026-11-01' },
    until: { type: 'string', description: 'Age or date; default: now' },
    limit: { type: 'string', default: '20', description: `Most rows, up to ${MAX_ROWS}` },
    follow: { type: 'boolean', alias: 'f', description: 'Keep printing calls as they end' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    if (args.outcome !== undefined && !OUTCOMES.includes(args.outcome)) {
      throw usageError(`--outcome: "${args.outcome}" is not one of ${OUTCOMES.join(', ')}`);
    }
    const filter: Filter = {
      task: args.task,
      user: args.user,
      deployment: args.deployment,
      key: args.key,
      outcome: args.outcome,
      unpriced: args.unpriced || undefined,
      sandbox: args.sandbox,
      search: args.search,
    };
    const moment = (flag: 'since' | 'until'): number | undefined =>
      args[flag] === undefined ? undefined : parseMoment(args[flag], { flag, now: io.now() });
    const query = {
      ...filter,
      since: moment('since'),
      until: moment('until'),
      limit: readLimit(args.limit, MAX_ROWS),
    };
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      if (args.follow) {
        await follow(client, { io, filter, json: args.json === true });
        return;
      }
      const answer = await client.get<CallsAnswer>('/api/v1/calls', query);
      if (args.json) printJson(io, answer);
      else io.out(renderCalls(answer, io));
    });
  },
});

/** The whole id a person began to type, or copied from a table that had to cut it. */
async function findCallId(client: Client, typed: string): Promise<string> {
  const written = typed.replace(/…$/, '');
  const { calls } = await client.get<CallsAnswer>('/api/v1/calls', { search: written, limit: 2 });
  const matching = calls.filter(({ id }) => id.startsWith(written));
  if (matching.length > 1) throw usageError(`More than one call id begins with ${written}; write more of it`);
  return matching[0]?.id ?? written;
}

function callColumns(io: CliIo): Column<CallSummary>[] {
  return [
    { title: 'when', drop: 2, cell: ({ startedAt }) => formatMoment(startedAt, io.now()) },
    { title: 'call', min: 18, cell: ({ id }) => id },
    { title: 'task', min: 8, cell: ({ task }) => task },
    { title: 'user', min: 6, drop: 6, cell: ({ user }) => user ?? '-' },
    { title: 'deployment', min: 10, drop: 1, cell: ({ deployment }) => deployment ?? '-' },
    { title: 'outcome', cell: outcomeOf, style: styleOfOutcome },
    { title: 'took', align: 'right', drop: 3, cell: ({ durationMs }) => formatDuration(durationMs) },
    { title: 'ttft', align: 'right', drop: 5, cell: ({ ttftMs }) => formatDuration(ttftMs) },
    { title: 'tokens', align: 'right', drop: 4, cell: tokensOf },
    {
      title: 'cost',
      align: 'right',
      cell: costOf,
      style: ({ unpriced }) => (unpriced ? 'yellow' : undefined),
    },
  ];
}

/** A table of calls; simulated ones say so in their cost. */
export function renderCalls({ calls, next }: CallsAnswer, io: CliIo): string {
  if (calls.length === 0) return 'No calls match.\n';
  const more = next === null ? '' : `${paint(io, 'dim', 'There are older ones: --limit, --until.')}\n`;
  return renderTable(io, callColumns(io), { rows: calls }) + more;
}

function outcomeOf({ outcome, status, errorCode }: CallSummary): string {
  if (outcome === 'ok') return 'ok';
  return errorCode === null ? `${outcome} ${status}` : errorCode;
}

function styleOfOutcome({ outcome }: CallSummary): 'green' | 'red' | 'yellow' {
  if (outcome === 'ok') return 'green';
  return outcome === 'error' ? 'red' : 'yellow';
}

function tokensOf({ usage }: CallSummary): string {
  const mark = usage.estimated ? '~' : '';
  return `${mark}${formatCount(usage.inputTokens)}/${formatCount(usage.outputTokens)}`;
}

function costOf({ costNanoUsd, unpriced, sandbox }: CallSummary): string {
  const cost = costNanoUsd === null && !unpriced ? '-' : formatUsd(costNanoUsd);
  return sandbox ? `${cost} sandbox` : cost;
}

async function follow(
  client: Client,
  { io, filter, json }: { io: CliIo; filter: Filter; json: boolean },
): Promise<void> {
  const decoder = createSseDecoder();
  const stream = await client.stream('/api/v1/calls/live');
  if (!json) io.err(paint(io, 'dim', 'Waiting for calls. Ctrl-C ends.\n'));
  try {
    for await (const chunk of stream) {
      for (const { event, data } of decoder.push(chunk)) {
        if (event === 'skipped') io.err(`${data} calls were left out: too many to print\n`);
        if (event !== null) continue;
        const call = JSON.parse(data) as CallSummary;
        if (!matches(call, filter)) continue;
        io.out(json ? `${JSON.stringify(call)}\n` : `${toLine(call, io)}\n`);
      }
    }
  } catch (error) {
    if (!io.signal.aborted) throw error;
  }
}

/** What the API's filter means, on one call. */
function matches(call: CallSummary, filter: Filter): boolean {
  const { task, user, deployment, key, outcome, unpriced, sandbox, search } = filter;
  const same = <T>(wanted: T | undefined, value: T | null): boolean =>
    wanted === undefined || wanted === value;
  const found =
    search === undefined ||
    call.id.startsWith(search) ||
    [call.task, call.user, call.deployment].includes(search);
  return (
    found &&
    same(task, call.task) &&
    same(user, call.user) &&
    same(deployment, call.deployment) &&
    same(key, call.keyId) &&
    same(outcome, call.outcome) &&
    same(unpriced, call.unpriced) &&
    same(sandbox, call.sandbox)
  );
}

function toLine(call: CallSummary, io: CliIo): string {
  const time = new Date(call.startedAt).toLocaleTimeString('en-GB');
  const parts = [
    paint(io, 'dim', time),
    call.id,
    paint(io, styleOfOutcome(call), outcomeOf(call)),
    printable(call.task),
    printable(call.user ?? '-'),
    printable(call.deployment ?? '-'),
    formatDuration(call.durationMs),
    `${tokensOf(call)} tokens`,
    costOf(call),
  ];
  return parts.join('  ');
}
