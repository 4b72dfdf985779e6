/** What the run cost, from the control API, as tables. */
import { setTimeout as wait } from 'node:timers/promises';
import type { CostsAnswer, GroupRow } from '../../../src/control/api-types.ts';
import { formatUsd } from '../../../src/core/money.ts';
import type { Server } from './server.ts';

export interface Costs {
  tasks: GroupRow[];
  users: GroupRow[];
  deployments: GroupRow[];
}

const POLL_MS = 200;
const SETTLE_MS = 15_000;
/** Rollups are hourly, so a run that began before the hour needs the hour before. */
const SINCE = '2h';

/** Reads this run's costs, by its key, once all `calls` have reached the store. */
export async function readCosts(
  server: Server,
  { keyId, calls, sandbox }: { keyId: string; calls: number; sandbox: boolean },
): Promise<Costs> {
  const read = async (by: string): Promise<GroupRow[]> => {
    const query = `by=${by},key&since=${SINCE}&limit=1000&sandbox=${sandbox}`;
    const { rows } = await server.api<CostsAnswer>('GET', `/costs?${query}`);
    return rows.filter((row) => row.key === keyId);
  };
  const deadline = Date.now() + SETTLE_MS;
  let tasks = await read('task');
  while (count(tasks) < calls && Date.now() < deadline) {
    await wait(POLL_MS);
    tasks = await read('task');
  }
  return { tasks, users: await read('user'), deployments: await read('task,deployment') };
}

function count(rows: readonly GroupRow[]): number {
  return rows.reduce((sum, row) => sum + row.calls, 0);
}

export function costOf(row: GroupRow): string {
  if (row.unpriced === 0) return formatUsd(row.costNanoUsd);
  return `${formatUsd(row.costNanoUsd)} + ${row.unpriced} unpriced`;
}

function perCall(row: GroupRow): string {
  const priced = row.calls - row.unpriced;
  return priced > 0 ? formatUsd(Math.round(row.costNanoUsd / priced)) : 'unpriced';
}

function tokens(row: GroupRow): string {
  return `${row.inputTokens.toLocaleString('en-US')} in, ${row.outputTokens.toLocaleString('en-US')} out`;
}

function rightShare(row: GroupRow): string {
  return row.feedbackCount === 0
    ? ''
    : `${Math.round((row.feedbackSum / row.feedbackCount) * 100)} % of ${row.feedbackCount}`;
}

export function printCosts({ tasks, users, deployments }: Costs, say: (line: string) => void): void {
  const common = (row: GroupRow) => [String(row.calls), tokens(row), perCall(row), costOf(row)];
  const headers = ['Calls', 'Tokens', 'Per call', 'Cost'];
  table(
    say,
    ['Task', ...headers],
    tasks.map((row) => [row.task ?? '', ...common(row)]),
  );
  table(
    say,
    ['Task on deployment', 'Right', ...headers],
    deployments.map((row) => [
      `${row.task ?? ''} on ${row.deployment ?? '-'}`,
      rightShare(row),
      ...common(row),
    ]),
  );
  table(
    say,
    ['User', ...headers],
    users.map((row) => [row.user ?? '(none)', ...common(row)]),
  );
}

/** First column left, the others right. */
function table(say: (line: string) => void, head: string[], rows: string[][]): void {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const toLine = (cells: string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('   ');
  say(`  ${toLine(head)}`);
  say(`  ${widths.map((width) => '─'.repeat(width)).join('───')}`);
  for (const row of rows) say(`  ${toLine(row)}`);
  say('');
}
