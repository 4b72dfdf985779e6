/** What self-hosted engines serve, and their LoRA adapters: sub-commands of `trimtab deployments`. */
import { defineCommand } from 'citty';
import type { AdaptersAnswer, EngineRow, EnginesAnswer } from '../control/api-types.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, EXIT, printJson } from './io.ts';
import { printable, renderTable } from './table.ts';
import { formatCount } from './when.ts';

const providerArg = {
  provider: { type: 'positional', required: true, description: 'Provider, as the config names it' },
} as const;

/** `trimtab deployments models`. */
export const modelsCommand = defineCommand({
  meta: {
    name: 'models',
    description: 'What a self-hosted engine serves now; without a provider, every engine',
  },
  args: {
    provider: { type: 'positional', required: false, description: 'Provider, as the config names it' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const engines = args.provider
        ? [await client.get<EngineRow>(pathOf(args.provider))]
        : await askAll(client);
      if (args.json) printJson(io, { engines });
      else
        io.out(engines.map((engine) => renderModels(engine, io)).join('\n') || 'No self-hosted engines.\n');
    });
  },
});

async function askAll(client: Client): Promise<EngineRow[]> {
  const { engines } = await client.get<EnginesAnswer>('/api/v1/engines');
  return Promise.all(engines.map(({ provider }) => client.get<EngineRow>(pathOf(provider))));
}

function renderModels({ provider, models, trouble }: EngineRow, io: CliIo): string {
  if (models === null)
    return `${provider} does not say what it serves: ${printable(trouble ?? 'not asked yet')}\n`;
  if (models.length === 0) return `${provider} serves no model.\n`;
  return renderTable<(typeof models)[number]>(
    io,
    [
      { title: 'model', min: 12, cell: ({ id }) => `${provider}/${id}` },
      { title: 'context', align: 'right', cell: ({ contextTokens }) => formatCount(contextTokens) },
      { title: 'in memory', cell: ({ loaded }) => (loaded === null ? '-' : loaded ? 'yes' : 'no') },
      { title: 'LoRA of', min: 8, drop: 1, cell: ({ parent }) => parent ?? '-' },
    ],
    { rows: models },
  );
}

const listCommand = defineCommand({
  meta: { name: 'list', description: 'LoRA adapters of an engine' },
  args: { ...providerArg, ...clientArgs },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      show(await client.get<AdaptersAnswer>(`${pathOf(args.provider)}/adapters`), { io, json: args.json });
    });
  },
});

const loadCommand = defineCommand({
  meta: {
    name: 'load',
    description: 'Load a LoRA adapter into an engine: `lora load gpu-1 sql-lora --path /adapters/sql`',
  },
  args: {
    ...providerArg,
    name: { type: 'positional', required: true, description: 'Name to call it by' },
    path: { type: 'string', description: 'Where the engine finds the weights: its own disk, or a hub' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const body = { name: args.name, path: args.path ?? null };
      const answer = await client.post<AdaptersAnswer>(`${pathOf(args.provider)}/adapters`, body);
      show(answer, { io, json: args.json });
    });
  },
});

const unloadCommand = defineCommand({
  meta: { name: 'unload', description: 'Unload a LoRA adapter' },
  args: {
    ...providerArg,
    name: { type: 'positional', required: true, description: 'Its name' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const path = `${pathOf(args.provider)}/adapters/${encodeURIComponent(args.name)}`;
      show(await client.delete<AdaptersAnswer>(path), { io, json: args.json });
    });
  },
});

/** `trimtab deployments lora`. */
export const loraCommand = defineCommand({
  meta: { name: 'lora', description: 'LoRA adapters of a self-hosted engine: list, load, unload' },
  subCommands: { list: listCommand, load: loadCommand, unload: unloadCommand },
  args: {},
  run() {
    throw new CliError(EXIT.usage, 'Write lora list, lora load or lora unload; each has --help.');
  },
});

function pathOf(provider: string): string {
  return `/api/v1/engines/${encodeURIComponent(provider)}`;
}

function show(answer: AdaptersAnswer, { io, json }: { io: CliIo; json: boolean | undefined }): void {
  if (json) printJson(io, answer);
  else io.out(renderAdapters(answer, io));
}

function renderAdapters({ provider, kind, adapters }: AdaptersAnswer, io: CliIo): string {
  if (adapters.length === 0) return `${provider} has no LoRA adapters.\n`;
  const called = kind === 'callable';
  return renderTable<(typeof adapters)[number]>(
    io,
    [
      { title: 'adapter', cell: ({ name }) => name },
      called
        ? { title: 'call it as', cell: ({ model }) => (model === null ? '-' : `${provider}/${model}`) }
        : {
            title: 'applied',
            cell: ({ scale }) => (scale === 0 ? 'off' : `at ${scale ?? 'an unknown scale'}`),
          },
      { title: 'path', min: 8, drop: 1, cell: ({ path }) => path ?? '-' },
    ],
    { rows: adapters },
  );
}
