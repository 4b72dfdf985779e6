import { confirm, isCancel } from '@clack/prompts';
import { defineCommand } from 'citty';
import type { RevisionApplied, RevisionDiff, RevisionsAnswer } from '../control/api-types.ts';
import type { Revision } from '../stack/stack.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, EXIT, paint, printJson, usageError } from './io.ts';
import { printable, renderTable } from './table.ts';
import { formatMoment } from './when.ts';

type Line = RevisionsAnswer['history'][number];

async function list(
  io: CliIo,
  args: { 'data-dir'?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
    const answer = await client.get<RevisionsAnswer>('/api/v1/revisions');
    if (args.json) printJson(io, answer);
    else io.out(renderHistory(answer, io));
  });
}

const listCommand = defineCommand({
  meta: { name: 'list', description: 'Which revisions served, newest first' },
  args: { ...clientArgs },
  run: ({ args, data }) => list((data as CommandData).io, args),
});

const showCommand = defineCommand({
  meta: { name: 'show', description: 'The whole stack of a revision, as JSON' },
  args: {
    id: { type: 'positional', required: true, description: 'Revision id, the start of one, or `active`' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const id = await findRevision(client, args.id);
      const revision = await client.get<Revision>(`/api/v1/revisions/${id}`);
      printJson(io, args.json ? revision : revision.stack);
    });
  },
});

const diffCommand = defineCommand({
  meta: { name: 'diff', description: 'What changed between two revisions' },
  args: {
    from: { type: 'positional', required: true, description: 'Revision id, the start of one, or `active`' },
    to: { type: 'positional', default: 'active', description: 'The other one' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const diff = await readDiff(
        client,
        await findRevision(client, args.from),
        await findRevision(client, args.to),
      );
      if (args.json) printJson(io, diff);
      else io.out(renderDiff(diff, io));
    });
  },
});

const rollbackCommand = defineCommand({
  meta: { name: 'rollback', description: 'Serve by an earlier revision again, at once' },
  args: {
    id: { type: 'positional', required: true, description: 'Revision id, or the start of one' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    return withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const id = await findRevision(client, args.id);
      const active = await findRevision(client, 'active');
      if (id === active) throw new CliError(EXIT.failed, `${id} is the active revision`);
      if (!args.yes && !(await agreed(client, { io, active, id }))) {
        io.err('Nothing was changed.\n');
        return EXIT.failed;
      }
      const answer = await client.post<RevisionApplied>(`/api/v1/revisions/${id}/rollback`);
      if (args.json) printJson(io, answer);
      else io.out(`${answer.revision} is active.\n`);
      return EXIT.ok;
    });
  },
});

/** `trimtab revisions`. */
export const revisionsCommand = defineCommand({
  meta: { name: 'revisions', description: 'List, show, compare and roll back revisions of the stack' },
  subCommands: { list: listCommand, show: showCommand, diff: diffCommand, rollback: rollbackCommand },
  args: { ...clientArgs },
  run: ({ args, data }) => list((data as CommandData).io, args),
});

async function agreed(
  client: Client,
  { io, active, id }: { io: CliIo; active: string; id: string },
): Promise<boolean> {
  if (!io.interactive) throw usageError('This changes what is served: add --yes');
  io.out(`${renderDiff(await readDiff(client, active, id), io)}\n`);
  const answer = await confirm({ message: `Serve by ${id} from now on?`, initialValue: false });
  return !isCancel(answer) && answer;
}

const readDiff = (client: Client, from: string, to: string): Promise<RevisionDiff> =>
  client.get<RevisionDiff>(`/api/v1/revisions/${from}/diff/${to}`);

/** The whole id a person began to type. */
async function findRevision(client: Client, written: string): Promise<string> {
  const { active, history } = await client.get<RevisionsAnswer>('/api/v1/revisions');
  if (written === 'active') return active;
  const ids = [...new Set([active, ...history.map(({ revision }) => revision)])];
  const matching = ids.filter((id) => id.startsWith(written) || id.startsWith(`rev_${written}`));
  if (matching.length > 1)
    throw usageError(`${matching.join(' and ')} begin with ${written}; write more of it`);
  if (matching[0] === undefined)
    throw new CliError(EXIT.failed, `There is no revision "${written}". See: revisions list`);
  return matching[0];
}

function renderHistory({ active, history }: RevisionsAnswer, io: CliIo): string {
  if (history.length === 0) return 'No revision has served yet.\n';
  const current = history.find(({ revision }) => revision === active);
  return renderTable<Line>(
    io,
    [
      { title: '', cell: (line) => (line === current ? '*' : ' '), style: () => 'green' },
      { title: 'revision', cell: ({ revision }) => revision },
      { title: 'since', cell: ({ at }) => formatMoment(at, io.now()) },
      { title: 'how', cell: ({ kind }) => kind },
      { title: 'by', min: 6, drop: 2, cell: ({ by }) => by },
      {
        title: 'from',
        min: 10,
        drop: 1,
        cell: ({ source, origin }) => (source === origin ? source : `${source}: ${origin}`),
      },
    ],
    { rows: history },
  );
}

/** One line per leaf: `- before`, `+ after`. */
export function renderDiff({ from, to, changes }: RevisionDiff, io: CliIo): string {
  if (changes.length === 0) return `${from} and ${to} are the same.\n`;
  const shown = (value: unknown): string => printable(JSON.stringify(value));
  const lines = changes.flatMap(({ path, before, after }) => [
    printable(path),
    ...(before === undefined ? [] : [paint(io, 'red', `  - ${shown(before)}`)]),
    ...(after === undefined ? [] : [paint(io, 'green', `  + ${shown(after)}`)]),
  ]);
  return `${paint(io, 'dim', `${from} -> ${to}`)}\n${lines.join('\n')}\n`;
}
