import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { defineCommand } from 'citty';
import type { BatchAnswer, BatchesAnswer } from '../control/api-types.ts';
import { clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, EXIT, printJson } from './io.ts';
import { findKey } from './keys.ts';
import { printable, renderTable } from './table.ts';
import { formatMoment } from './when.ts';

const listArgs = { ...clientArgs } as const;

async function list(
  io: CliIo,
  args: { 'data-dir'?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
    const answer = await client.get<BatchesAnswer>('/api/v1/batches');
    if (args.json) printJson(io, answer);
    else io.out(renderBatches(answer, io));
  });
}

const listCommand = defineCommand({
  meta: { name: 'list', description: 'The newest 50 batches of every key, with how far they are' },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

/** `show` and `cancel`: one batch, asked for or changed. */
function oneCommand(verb: 'show' | 'cancel', description: string) {
  return defineCommand({
    meta: { name: verb, description },
    args: { id: { type: 'positional', required: true, description: 'Batch id' }, ...clientArgs },
    async run({ args, data }) {
      const { io } = data as CommandData;
      await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
        const path = `/api/v1/batches/${encodeURIComponent(args.id)}`;
        const batch =
          verb === 'show'
            ? await client.get<BatchAnswer>(path)
            : await client.post<BatchAnswer>(`${path}/cancel`);
        if (args.json) printJson(io, batch);
        else io.out(renderBatch(batch, io));
      });
    },
  });
}

const createCommand = defineCommand({
  meta: { name: 'create', description: 'Make a batch of a JSONL file, in the name of a virtual key' },
  args: {
    file: { type: 'positional', required: true, description: 'JSONL, one request per line' },
    key: { type: 'string', required: true, description: 'Key id, name or prefix' },
    endpoint: { type: 'string', default: '/v1/chat/completions', description: 'Path of every line' },
    window: { type: 'string', default: '24h', description: 'When it expires: 1h to 7d' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const content = await readInput(resolve(io.cwd, args.file));
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const { id: key } = await findKey(client, args.key);
      const { endpoint, window: completionWindow } = args;
      const body = { key, filename: basename(args.file), content, endpoint, completionWindow };
      const batch = await client.post<BatchAnswer>('/api/v1/batches', body);
      if (args.json) printJson(io, batch);
      else io.out(`${batch.id}\n`);
      if (client.url === null) io.err('No server runs here: the next one that starts does it.\n');
    });
  },
});

/** `trimtab batches`. */
export const batchesCommand = defineCommand({
  meta: { name: 'batches', description: 'List, show, create and cancel batches' },
  subCommands: {
    list: listCommand,
    show: oneCommand('show', 'How far a batch is, and what is wrong with its file'),
    create: createCommand,
    cancel: oneCommand('cancel', 'Begin no more lines of a batch'),
  },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.failed, `Cannot read ${path}: ${reason}`);
  }
}

const progressOf = ({ completed, failed, total }: BatchAnswer): string =>
  `${completed + failed}/${total}${failed > 0 ? `, ${failed} failed` : ''}`;

/** `queue`, or the deployments whose vendors have it. */
function runsAt({ parts }: BatchAnswer): string {
  return parts.length === 0 ? 'queue' : [...new Set(parts.map(({ deployment }) => deployment))].join(' ');
}

function renderBatches({ batches }: BatchesAnswer, io: CliIo): string {
  if (batches.length === 0) return 'No batches yet: batches create requests.jsonl --key app\n';
  const now = io.now();
  return renderTable<BatchAnswer>(
    io,
    [
      { title: 'id', cell: ({ id }) => id },
      { title: 'status', cell: ({ status }) => status },
      { title: 'answered', cell: progressOf },
      { title: 'runs', drop: 4, cell: runsAt },
      { title: 'endpoint', drop: 2, cell: ({ endpoint }) => endpoint },
      { title: 'key', drop: 3, cell: ({ keyId }) => keyId },
      { title: 'created', drop: 1, cell: ({ createdAt }) => formatMoment(createdAt, now) },
    ],
    { rows: batches },
  );
}

/** Where its lines run: one line for the queue, one for each vendor's batch. */
function waysOf({ parts, total }: BatchAnswer): string[] {
  const atVendors = parts.reduce((sum, { lines }) => sum + lines, 0);
  const rest = total - atVendors;
  return [
    ...(rest > 0 ? [`queue     ${rest} ${rest === 1 ? 'line' : 'lines'}`] : []),
    ...parts.map((part) =>
      printable(
        [
          `vendor    ${part.lines} ${part.lines === 1 ? 'line' : 'lines'} at ${part.deployment}`,
          part.vendorId ?? 'not sent yet',
          part.vendorStatus,
          part.note,
        ]
          .filter((word) => word !== null)
          .join(', '),
      ),
    ),
  ];
}

function renderBatch(batch: BatchAnswer, io: CliIo): string {
  const now = io.now();
  const lines = [
    `${batch.id} is ${batch.status}: ${progressOf(batch)} answered`,
    `endpoint  ${batch.endpoint}`,
    `key       ${batch.keyId}`,
    `created   ${formatMoment(batch.createdAt, now)}, expires ${formatMoment(batch.expiresAt, now)}`,
    `input     ${batch.inputFileId}`,
    `answers   ${batch.outputFileId ?? '-'}`,
    `errors    ${batch.errorFileId ?? '-'}`,
    ...waysOf(batch),
    ...(batch.errors ?? []).map(({ line, message }) =>
      printable(line === null ? message : `line ${line}: ${message}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
