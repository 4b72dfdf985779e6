import { basename, resolve } from 'node:path';
import { defineCommand } from 'citty';
import type { HistoryAdded, HistoryAnswer } from '../control/api-types.ts';
import type { HistoryRow } from '../core/history-row.ts';
import { createIdMaker } from '../core/id.ts';
import { historyFormats } from '../evidence/history/index.ts';
import { priceRow } from '../evidence/history/price.ts';
import { type HistoryItem, type HistoryReadOptions, readHistory } from '../evidence/history/read.ts';
import { findPriceBook } from '../providers/price-book.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, printJson, usageError } from './io.ts';
import { createProgress } from './progress.ts';
import { type Column, printable, renderTable } from './table.ts';
import { formatCount, formatMoment } from './when.ts';

const BATCH_ROWS = 1_000;
/**
 * Rows put in the order of their ids before they are sent. Ids are hashes, so in the order of the file every batch touches
 * as many pages of the indexes by id as it has rows, and each touched page is written to the log.
 */
const SORTED_ROWS = 50_000;
/** Bad records shown by their place; the rest are counted. */
const SHOWN_BAD = 20;

const formatNames = historyFormats.map(({ name }) => name);

/** `trimtab import`. The whole file is read and checked first; only then is anything written. */
export const importCommand = defineCommand({
  meta: {
    name: 'import',
    description:
      'Bring usage that other tools recorded: vendor usage and cost exports, LiteLLM, Langfuse, OTLP/JSON, any CSV',
  },
  args: {
    file: { type: 'positional', required: false, description: 'File: CSV, JSON or JSONL, also gzipped' },
    format: { type: 'string', description: `${formatNames.join(', ')}; default: found out` },
    task: { type: 'string', description: 'Task of every row' },
    'task-from': { type: 'string', description: 'Column or member that holds the task: metadata.feature' },
    map: { type: 'string', description: 'Columns of a CSV: at=When,input=In,output=Out,cost=Usd,model=Name' },
    'max-bad': {
      type: 'string',
      default: '5',
      description: 'Percent of bad records above which nothing is imported',
    },
    'dry-run': { type: 'boolean', description: 'Check only' },
    list: { type: 'boolean', description: 'What was imported' },
    delete: { type: 'string', description: 'Delete an import and its rows, by id', valueHint: 'id' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const at = { dataDir: args['data-dir'] };
    if (args.list || args.delete !== undefined) {
      await withClient(io, at, async (client) => {
        const answer =
          args.delete === undefined
            ? await client.get<HistoryAnswer>('/api/v1/history')
            : await client.delete<HistoryAnswer>(
                `/api/v1/history/imports/${encodeURIComponent(args.delete)}`,
              );
        if (args.json) printJson(io, answer);
        else io.out(renderImports(answer, io));
      });
      return;
    }
    if (!args.file) throw usageError(`Name a file: ${commandName()} import usage.csv --task support-reply`);
    if (args.task !== undefined && args['task-from'] !== undefined) {
      throw usageError('--task and --task-from exclude each other');
    }
    const options = {
      path: resolve(io.cwd, args.file),
      format: args.format ?? null,
      task: args.task ?? null,
      taskFrom: args['task-from'] ?? null,
      columns: readMap(args.map),
    };
    const checked = await check(io, options, readPercent(args['max-bad']));
    if (args['dry-run']) {
      report(io, { ...checked, added: null, replaced: null }, args.json);
      return;
    }
    await withClient(io, at, async (client) => {
      const written = await write(io, client, { options, checked });
      report(io, { ...checked, ...written }, args.json);
    });
  },
});

type FileOptions = Pick<HistoryReadOptions, 'path' | 'format' | 'task' | 'taskFrom' | 'columns'>;

interface Checked {
  file: string;
  /** Name of the format. */
  format: string;
  rows: number;
  bad: { place: string; bad: string }[];
  badRows: number;
  unpricedRows: number;
  tasks: Record<string, number>;
  since: number | null;
  until: number | null;
}

/** First pass: what the file holds. Throws CliError when too much of it cannot be read. */
async function check(io: CliIo, options: FileOptions, maxBadShare: number): Promise<Checked> {
  const checked: Checked = {
    file: options.path,
    format: options.format ?? '',
    rows: 0,
    bad: [],
    badRows: 0,
    unpricedRows: 0,
    tasks: {},
    since: null,
    until: null,
  };
  const onFormat = (name: string) => {
    checked.format = name;
  };
  for await (const item of read(io, options, { verb: 'Checking', onFormat })) {
    if ('bad' in item) {
      checked.badRows++;
      if (checked.bad.length < SHOWN_BAD) checked.bad.push(item);
    } else count(checked, item.row);
  }
  const total = checked.rows + checked.badRows;
  if (checked.rows === 0 || checked.badRows > total * maxBadShare) {
    const places = checked.bad.map(({ place, bad }) => `  ${place}: ${bad}`).join('\n');
    const share =
      total === 0 ? 'It holds no records' : `${checked.badRows} of ${total} records cannot be read`;
    throw new CliError(
      EXIT.failed,
      `${basename(options.path)}: ${share}, so nothing was imported.${places ? `\n${places}` : ''}\nMend the file, name its --format or --map its columns, or raise --max-bad.`,
    );
  }
  return checked;
}

function count(checked: Checked, row: HistoryRow): void {
  checked.rows++;
  checked.tasks[row.task] = (checked.tasks[row.task] ?? 0) + 1;
  if (row.costNanoUsd === null && !row.failed) checked.unpricedRows++;
  checked.since = Math.min(row.at, checked.since ?? row.at);
  checked.until = Math.max(row.at + row.spanMs, checked.until ?? 0);
}

/** Second pass: rows in batches, and the note that the import is whole. */
async function write(
  io: CliIo,
  client: Client,
  { options, checked }: { options: FileOptions; checked: Checked },
): Promise<{ id: string | null; added: number; replaced: number }> {
  const id = createIdMaker(io.now)('imp');
  const sum = { added: 0, replaced: 0 };
  let waiting: HistoryRow[] = [];
  const send = async (): Promise<void> => {
    // Equal ids stay in order: of two sums of the same, the later counts.
    const sorted = waiting.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    waiting = [];
    for (let from = 0; from < sorted.length; from += BATCH_ROWS) {
      const rows = sorted.slice(from, from + BATCH_ROWS);
      const { added, replaced } = await client.post<HistoryAdded>('/api/v1/history/rows', {
        importId: id,
        rows,
      });
      sum.added += added;
      sum.replaced += replaced;
    }
  };
  for await (const item of read(io, options, { verb: 'Writing', onFormat: () => {} })) {
    if ('bad' in item) continue;
    waiting.push(item.row);
    if (waiting.length >= SORTED_ROWS) await send();
  }
  await send();
  if (sum.added + sum.replaced === 0) return { id: null, ...sum };
  await client.post('/api/v1/history/imports', {
    id,
    file: basename(options.path),
    format: checked.format,
    rows: checked.rows,
    badRows: checked.badRows,
  });
  return { id, ...sum };
}

async function* read(
  io: CliIo,
  options: FileOptions,
  { verb, onFormat }: { verb: string; onFormat: (name: string) => void },
): AsyncGenerator<HistoryItem> {
  const progress = createProgress(io, verb);
  try {
    yield* readHistory({
      ...options,
      price: (row) => {
        const { provider, model } = row;
        const book = model === null ? null : findPriceBook(provider, model);
        if (model === null || !book) return null;
        return priceRow(row, (usage) => book.price(model, usage, row.at)?.costNanoUsd ?? null);
      },
      onFormat,
      onProgress: (share, rows) => progress.show(share, `${formatCount(rows)} rows`),
      signal: io.signal,
    });
  } finally {
    progress.clear();
  }
}

function report(
  io: CliIo,
  result: Checked & { added: number | null; replaced: number | null },
  json: boolean | undefined,
): void {
  if (json) {
    printJson(io, result);
    return;
  }
  const { rows, added, replaced, badRows, unpricedRows, since, until } = result;
  const names = Object.entries(result.tasks).sort((a, b) => b[1] - a[1]);
  const shown = names.slice(0, 5).map(([task, n]) => `${task} (${formatCount(n)})`);
  const tasks = `${shown.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
  io.out(`${formatCount(rows)} rows, ${span(since, until, io.now())}; task ${tasks}\n`);
  if (added !== null) {
    const known = rows - added - (replaced ?? 0);
    io.out(
      `${formatCount(added)} added, ${formatCount(replaced ?? 0)} sums renewed, ${formatCount(known)} were there already\n`,
    );
  }
  if (unpricedRows > 0)
    io.err(`${formatCount(unpricedRows)} rows have no cost and no known price: they are unpriced.\n`);
  if (badRows === 0) return;
  io.err(`${formatCount(badRows)} records could not be read and are left out:\n`);
  for (const { place, bad } of result.bad) io.err(`  ${place}: ${bad}\n`);
  if (badRows > result.bad.length) io.err(`  and ${formatCount(badRows - result.bad.length)} more\n`);
}

function renderImports({ imports }: HistoryAnswer, io: CliIo): string {
  if (imports.length === 0) return `Nothing was imported yet: ${commandName()} import usage.csv\n`;
  const now = io.now();
  const columns: Column<HistoryAnswer['imports'][number]>[] = [
    { title: 'id', cell: ({ id }) => id },
    { title: 'imported', cell: ({ at }) => formatMoment(at, now) },
    { title: 'file', cell: ({ file }) => printable(file), min: 12 },
    { title: 'rows', cell: ({ rows }) => formatCount(rows), align: 'right' },
    { title: 'bad', cell: ({ badRows }) => formatCount(badRows), align: 'right', drop: 1 },
    { title: 'of', cell: ({ since, until }) => span(since, until, now), drop: 2 },
  ];
  return renderTable(io, columns, { rows: imports });
}

function span(since: number | null, until: number | null, now: number): string {
  return since === null || until === null
    ? '-'
    : `${formatMoment(since, now)} to ${formatMoment(until, now)}`;
}

function readMap(text: string | undefined): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const at = pair.indexOf('=');
    if (at <= 0 || at === pair.length - 1)
      throw usageError(`--map takes field=Column with commas; "${pair}" is none`);
    columns[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return columns;
}

function readPercent(text: string): number {
  const percent = Number(text);
  if (!(percent >= 0 && percent <= 100)) throw usageError('--max-bad is a percentage from 0 to 100');
  return percent / 100;
}
