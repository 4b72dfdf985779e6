import { setTimeout as pause } from 'node:timers/promises';
import { defineCommand } from 'citty';
import type { DeploymentRow, DeploymentsAnswer } from '../control/api-types.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { loraCommand, modelsCommand } from './engines.ts';
import { CliError, type CliIo, type CommandData, EXIT, printJson } from './io.ts';
import { createProgress } from './progress.ts';
import { type Column, renderTable } from './table.ts';
import { formatCount, formatMoment, parseMoment } from './when.ts';

const ASK_EVERY_MS = 500;

async function list(
  io: CliIo,
  args: { 'data-dir'?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
    const answer = await client.get<DeploymentsAnswer>('/api/v1/deployments');
    if (args.json) printJson(io, answer);
    else io.out(renderDeployments(answer.deployments, io));
  });
}

const listCommand = defineCommand({
  meta: { name: 'list', description: 'Deployments: in service or drained, circuit, calls under way' },
  args: { ...clientArgs },
  run: ({ args, data }) => list((data as CommandData).io, args),
});

const nameArg = {
  name: { type: 'positional', required: true, description: 'Deployment, as `deployments list` names it' },
} as const;

const drainCommand = defineCommand({
  meta: {
    name: 'drain',
    description: 'Begin no further call at a deployment; those that run there finish. Holds over restarts',
  },
  args: {
    ...nameArg,
    reason: { type: 'string', description: 'Why; stands in the record of every call that passes it over' },
    wait: { type: 'boolean', description: 'Return once no call runs there any more' },
    timeout: { type: 'string', default: '10m', description: 'With --wait: give up after; exit code 1' },
    ...clientArgs,
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const until = parseMoment(args.timeout, { flag: 'timeout', now: io.now(), future: true });
    return withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const body = { by: callerOf(io), reason: args.reason ?? null };
      let row = await client.post<DeploymentRow>(`${pathOf(args.name)}/drain`, body);
      if (args.wait) row = await waitUntilIdle(client, row, { io, until });
      if (args.json) printJson(io, row);
      else io.out(`${row.name} is drained${row.drain?.idle ? ', no call runs there' : ''}.\n`);
      return EXIT.ok;
    });
  },
});

const resumeCommand = defineCommand({
  meta: { name: 'resume', description: 'Take calls at a drained deployment again, a growing share at first' },
  args: { ...nameArg, ...clientArgs },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const row = await client.post<DeploymentRow>(`${pathOf(args.name)}/resume`, {
        by: callerOf(io),
      });
      if (args.json) printJson(io, row);
      else io.out(`${row.name} is in service.\n`);
    });
  },
});

/** `trimtab deployments`. */
export const deploymentsCommand = defineCommand({
  meta: {
    name: 'deployments',
    description: "List, drain and resume deployments; engines' models and LoRA adapters",
  },
  subCommands: {
    list: listCommand,
    drain: drainCommand,
    resume: resumeCommand,
    models: modelsCommand,
    lora: loraCommand,
  },
  args: { ...clientArgs },
  run: ({ args, data }) => list((data as CommandData).io, args),
});

/** `os.userInfo` throws for a user without a name, as containers have. */
function callerOf({ env }: CliIo): string {
  return env.USER || env.USERNAME || 'the command line';
}

function pathOf(name: string): string {
  return `/api/v1/deployments/${encodeURIComponent(name)}`;
}

async function waitUntilIdle(
  client: Client,
  first: DeploymentRow,
  { io, until }: { io: CliIo; until: number },
): Promise<DeploymentRow> {
  const progress = createProgress(io, 'Waiting for');
  for (let row = first; ; row = await client.get<DeploymentRow>(pathOf(first.name))) {
    if (!row.drain) throw new CliError(EXIT.failed, `${row.name} was resumed meanwhile.`);
    if (row.drain.idle) {
      progress.clear();
      return row;
    }
    const left = (row.health?.inFlight ?? 0) + (row.health?.waiting ?? 0);
    if (io.now() >= until) {
      throw new CliError(EXIT.failed, `${row.name} is drained, but ${left} calls still run there.`);
    }
    progress.show(null, `${left} calls at ${row.name}`);
    await pause(ASK_EVERY_MS, undefined, { signal: io.signal });
  }
}

function renderDeployments(rows: readonly DeploymentRow[], io: CliIo): string {
  if (rows.length === 0) return 'No deployments yet: declare one in the config, or call `provider/model`.\n';
  const columns: Column<DeploymentRow>[] = [
    { title: 'deployment', min: 12, cell: ({ name }) => name },
    { title: 'model', min: 8, drop: 3, cell: ({ config }) => config.model },
    {
      title: 'state',
      min: 10,
      cell: (row) => stateOf(row, io.now()).text,
      style: (row) => stateOf(row, io.now()).style,
    },
    { title: 'in flight', align: 'right', cell: ({ health }) => formatCount(health?.inFlight ?? 0) },
    { title: 'waiting', align: 'right', cell: ({ health }) => formatCount(health?.waiting ?? 0) },
    { title: 'engine', drop: 1, cell: ({ engine }) => engineInWords(engine) },
    {
      title: 'calls 24 h',
      align: 'right',
      drop: 2,
      cell: ({ figures }) => formatCount(figures.calls),
    },
  ];
  return renderTable(io, columns, { rows });
}

/** `3 waiting, 12 running, KV 41 %` */
function engineInWords(engine: DeploymentRow['engine']): string {
  if (!engine) return '-';
  const { load, served, trouble } = engine;
  if (served === false) return 'does not serve this model';
  const parts = [
    ...(load && load.waiting !== null ? [`${formatCount(load.waiting)} waiting`] : []),
    ...(load && load.running !== null ? [`${formatCount(load.running)} running`] : []),
    ...(load && load.kvCacheUse !== null ? [`KV ${Math.round(load.kvCacheUse * 100)} %`] : []),
  ];
  if (parts.length > 0) return parts.join(', ');
  return trouble === null ? 'does not tell its load' : 'does not answer';
}

function stateOf(
  { drain, health }: DeploymentRow,
  now: number,
): { text: string; style: 'green' | 'yellow' | 'red' | undefined } {
  if (drain) {
    const why = drain.reason === null ? '' : `: ${drain.reason}`;
    return {
      text: `drained since ${formatMoment(drain.since, now)} by ${drain.by}${why}`,
      style: 'yellow',
    };
  }
  const circuit = health?.circuit;
  if (!circuit || circuit.state === 'closed') return { text: 'in service', style: 'green' };
  if (circuit.state === 'ramp')
    return { text: `ramping up, ${Math.round(circuit.share * 100)} % of calls`, style: 'yellow' };
  return { text: 'circuit open', style: 'red' };
}
