import { defineCommand } from 'citty';
import type { CostsAnswer, GroupRow, KeysAnswer } from '../control/api-types.ts';
import { formatUsd } from '../core/money.ts';
import { type Client, clientArgs, type Query, withClient } from './client.ts';
import { type CliIo, type CommandData, paint, printJson, usageError } from './io.ts';
import { type Column, printable, renderTable } from './table.ts';
import { formatCount, formatMoment, parseMoment } from './when.ts';

const DIMENSIONS = ['task', 'user', 'deployment', 'key'];

/** `trimtab costs`: spend over a window. Real and simulated figures never share a table. */
export const costsCommand = defineCommand({
  meta: { name: 'costs', description: 'What was spent, by task, user, deployment or key' },
  args: {
    by: { type: 'string', default: 'task', description: `${DIMENSIONS.join(', ')}; several with commas` },
    since: { type: 'string', default: '7d', description: 'Age or date: 24h, 7d, 2026-11-01' },
    until: { type: 'string', description: 'Age or date; default: now' },
    sandbox: { type: 'boolean', description: 'Simulated calls only; --no-sandbox: real ones only' },
    all: { type: 'boolean', description: 'Real and simulated calls, in two tables' },
    limit: { type: 'string', default: '50', description: 'Most rows' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const by = readDimensions(args.by);
    const now = io.now();
    const query = {
      by: by.join(','),
      since: parseMoment(args.since, { flag: 'since', now }),
      until: args.until === undefined ? undefined : parseMoment(args.until, { flag: 'until', now }),
      limit: readLimit(args.limit),
    };
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const answers = await readCosts(client, query, args);
      if (args.json) {
        printJson(io, args.all ? answers : answers[0]);
        return;
      }
      const keyNames = by.includes('key') ? await readKeyNames(client) : new Map<string, string>();
      io.out(answers.map((answer) => renderCosts(answer, { io, keyNames })).join('\n'));
    });
  },
});

/** Real figures unless told otherwise, or unless nothing but simulated calls reached a model. */
async function readCosts(
  client: Client,
  query: Query,
  { all, sandbox }: { all?: boolean | undefined; sandbox?: boolean | undefined },
): Promise<CostsAnswer[]> {
  const read = (only?: boolean): Promise<CostsAnswer> =>
    client.get<CostsAnswer>('/api/v1/costs', { ...query, sandbox: only });
  if (all) return [await read(false), await read(true)];
  if (sandbox !== undefined) return [await read(sandbox)];
  const answer = await read();
  if (answer.sandbox || answer.total.calls > answer.total.refused) return [answer];
  const simulated = await read(true);
  return [simulated.total.calls > 0 ? simulated : answer];
}

function readDimensions(text: string): string[] {
  const names = [...new Set(text.split(',').map((part) => part.trim()))];
  for (const name of names) {
    if (!DIMENSIONS.includes(name))
      throw usageError(`--by: "${name}" is not one of ${DIMENSIONS.join(', ')}`);
  }
  return names;
}

/** A whole number from 1 to 1,000. */
export function readLimit(text: string, most = 1_000): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
  throw usageError(`--limit: "${text}" is not a number from 1 to ${most}`);
}

/** Key ids read as their names. */
export async function readKeyNames(client: Client): Promise<Map<string, string>> {
  const { keys } = await client.get<KeysAnswer>('/api/v1/keys');
  return new Map(keys.map(({ id, name }) => [id, name]));
}

/** One table with its heading, totals and what is unpriced. */
export function renderCosts(
  answer: CostsAnswer,
  { io, keyNames }: { io: CliIo; keyNames: ReadonlyMap<string, string> },
): string {
  const now = io.now();
  const window = `${formatMoment(answer.since, now)} to ${formatMoment(answer.until, now)}, whole hours`;
  const heading = answer.sandbox
    ? `${paint(io, 'yellow', 'SANDBOX: simulated calls, simulated prices, nothing was spent')}\n${paint(io, 'dim', window)}\n\n`
    : `${paint(io, 'bold', 'Costs')}  ${paint(io, 'dim', window)}\n\n`;
  if (answer.total.calls === 0) return `${heading}No calls in this time.\n`;
  const total: GroupRow = { ...answer.total, [answer.by[0] as string]: 'total' };
  const columns: Column<GroupRow>[] = [
    ...answer.by.map(
      (dimension): Column<GroupRow> => ({
        title: dimension,
        min: 12,
        cell: (row) => nameOf(row, dimension, { keyNames, isTotal: row === total }),
      }),
    ),
    { title: 'calls', align: 'right', cell: ({ calls }) => formatCount(calls) },
    {
      title: 'errors',
      align: 'right',
      drop: 1,
      cell: ({ errors }) => formatCount(errors),
      style: ({ errors }) => (errors > 0 ? 'red' : 'dim'),
    },
    { title: 'in', align: 'right', drop: 2, cell: ({ inputTokens }) => formatCount(inputTokens) },
    { title: 'cached', align: 'right', drop: 3, cell: ({ cacheReadTokens }) => formatCount(cacheReadTokens) },
    { title: 'out', align: 'right', drop: 2, cell: ({ outputTokens }) => formatCount(outputTokens) },
    { title: answer.sandbox ? 'sandbox cost' : 'cost', align: 'right', cell: costOf, style: styleOfCost },
  ];
  const table = renderTable(io, columns, { rows: answer.rows, totals: total });
  const hidden = answer.total.calls - answer.rows.reduce((sum, { calls }) => sum + calls, 0);
  const more = hidden > 0 ? `\n${formatCount(hidden)} more calls are in rows below --limit.\n` : '';
  return heading + table + more + unpricedWarning(answer, io);
}

function nameOf(
  row: GroupRow,
  dimension: string,
  { keyNames, isTotal }: { keyNames: ReadonlyMap<string, string>; isTotal: boolean },
): string {
  const value = row[dimension as keyof GroupRow] as string | null | undefined;
  if (isTotal) return value ?? '';
  if (value === null || value === undefined) return '(none)';
  return dimension === 'key' ? (keyNames.get(value) ?? value) : value;
}

function costOf({ calls, unpriced, costNanoUsd }: GroupRow): string {
  if (unpriced === 0) return formatUsd(costNanoUsd);
  if (unpriced === calls) return formatUsd(null);
  return `${formatUsd(costNanoUsd)} + ${formatCount(unpriced)} unpriced`;
}

function styleOfCost({ unpriced }: GroupRow): 'yellow' | undefined {
  return unpriced > 0 ? 'yellow' : undefined;
}

function unpricedWarning({ total, unpricedDeployments }: CostsAnswer, io: CliIo): string {
  if (total.unpriced === 0) return '';
  const where = unpricedDeployments.length > 0 ? ` at ${unpricedDeployments.map(printable).join(', ')}` : '';
  const calls = total.unpriced === 1 ? 'call has' : 'calls have';
  return `\n${paint(io, 'yellow', `! ${formatCount(total.unpriced)} ${calls} no known cost${where}. It is not in the total.`)}\n  Give the deployment a \`price\` in the config; \`check\` shows which have none.\n`;
}
