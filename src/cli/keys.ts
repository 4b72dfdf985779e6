import { defineCommand } from 'citty';
import type { KeyCreated, KeysAnswer } from '../control/api-types.ts';
import { didYouMean } from '../stack/nearest.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, EXIT, printJson, usageError } from './io.ts';
import { renderTable } from './table.ts';
import { formatMoment, parseMoment } from './when.ts';

type Key = KeysAnswer['keys'][number];

const listArgs = { ...clientArgs } as const;

async function list(
  io: CliIo,
  args: { 'data-dir'?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
    const answer = await client.get<KeysAnswer>('/api/v1/keys');
    if (args.json) printJson(io, answer);
    else io.out(renderKeys(answer.keys, io));
  });
}

const listCommand = defineCommand({
  meta: { name: 'list', description: 'Virtual keys, without the keys themselves' },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

const createCommand = defineCommand({
  meta: { name: 'create', description: 'Make a virtual key; it is shown this once' },
  args: {
    name: { type: 'string', required: true, description: 'What it is for' },
    owner: { type: 'string', description: 'Person or team' },
    tasks: { type: 'string', description: 'Tasks it may call, with commas; default: all' },
    expires: { type: 'string', description: 'When it ends: 30d, 2027-01-01; default: never' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const body = {
      name: args.name,
      owner: args.owner ?? null,
      tasks:
        args.tasks === undefined
          ? null
          : args.tasks
              .split(',')
              .map((task) => task.trim())
              .filter(Boolean),
      expiresAt:
        args.expires === undefined
          ? null
          : parseMoment(args.expires, { flag: 'expires', now: io.now(), future: true }),
    };
    if (body.tasks?.length === 0) throw usageError('--tasks names no task');
    if (body.expiresAt !== null && body.expiresAt <= io.now()) throw usageError('--expires is in the past');
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const created = await client.post<KeyCreated>('/api/v1/keys', body);
      if (args.json) {
        printJson(io, created);
        return;
      }
      io.out(`${created.key}\n`);
      io.err(`Key ${created.id} "${created.name}" is ready. Keep it now: it is not shown again.\n`);
    });
  },
});

function switchCommand(verb: 'disable' | 'enable', description: string) {
  return defineCommand({
    meta: { name: verb, description },
    args: {
      key: { type: 'positional', required: true, description: 'Key id, name or prefix' },
      ...clientArgs,
    },
    async run({ args, data }) {
      const { io } = data as CommandData;
      await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
        const key = await findKey(client, args.key);
        const answer = await client.post<KeysAnswer>(`/api/v1/keys/${encodeURIComponent(key.id)}/${verb}`);
        if (args.json) printJson(io, answer);
        else io.out(`${key.name} (${key.id}) is ${verb}d.\n`);
      });
    },
  });
}

/** `trimtab keys`. */
export const keysCommand = defineCommand({
  meta: { name: 'keys', description: 'List, create, disable and enable virtual keys' },
  subCommands: {
    list: listCommand,
    create: createCommand,
    disable: switchCommand('disable', 'Refuse calls of a key from now on'),
    enable: switchCommand('enable', 'Take calls of a key again'),
  },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

/** The key of an id, else the only one of a name or prefix. */
export async function findKey(client: Client, written: string): Promise<Key> {
  const { keys } = await client.get<KeysAnswer>('/api/v1/keys');
  const exact = keys.find(({ id }) => id === written);
  if (exact) return exact;
  const matching = keys.filter(({ name, prefix }) => name === written || prefix === written);
  if (matching.length === 1) return matching[0] as Key;
  if (matching.length > 1) throw usageError(`${matching.length} keys are called "${written}"; use the id`);
  const hint = didYouMean(
    written,
    keys.flatMap(({ id, name }) => [name, id]),
  );
  throw new CliError(EXIT.failed, `There is no key "${written}"${hint}`);
}

function renderKeys(keys: readonly Key[], io: CliIo): string {
  if (keys.length === 0) return 'No keys yet: keys create --name app\n';
  const now = io.now();
  const state = ({ disabled, expiresAt }: Key): string => {
    if (disabled) return 'disabled';
    return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
  };
  return renderTable<Key>(
    io,
    [
      { title: 'id', cell: ({ id }) => id },
      { title: 'name', min: 8, cell: ({ name }) => name },
      { title: 'key', drop: 3, cell: ({ prefix }) => `${prefix}...` },
      { title: 'owner', min: 6, drop: 2, cell: ({ owner }) => owner ?? '-' },
      { title: 'tasks', min: 8, cell: ({ tasks }) => tasks?.join(', ') ?? 'all' },
      { title: 'created', drop: 4, cell: ({ createdAt }) => formatMoment(createdAt, now) },
      {
        title: 'expires',
        drop: 1,
        cell: ({ expiresAt }) => (expiresAt === null ? 'never' : formatMoment(expiresAt, now)),
      },
      { title: 'state', cell: state, style: (key) => (state(key) === 'active' ? 'green' : 'yellow') },
    ],
    { rows: keys },
  );
}
