import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { TrimtabError } from '../core/error.ts';
import { catalog } from '../providers/index.ts';
import { policies } from '../routing/index.ts';
import { locateField } from '../stack/config-file.ts';
import { formatPath } from '../stack/config-path.ts';
import { discover } from '../stack/discover.ts';
import { findConfig, loadConfig } from '../stack/load.ts';
import { parseStack } from '../stack/parse.ts';
import { ConfigError } from '../stack/problems.ts';
import { createRevision } from '../stack/revision.ts';
import type { Stack } from '../stack/stack.ts';
import { checkStack, type RouteCheck, type StackCheck } from './check-stack.ts';
import { CliError, type CliIo, type CommandData, EXIT, paint, printJson } from './io.ts';
import { type ProbeResult, probeProviders } from './probe.ts';
import { type Column, printable, renderTable } from './table.ts';

/** `trimtab check`: exit code 1 when the stack would not serve as written. */
export const checkCommand = defineCommand({
  meta: { name: 'check', description: 'Check the config: shape, secrets, routes, data policy, prices' },
  args: {
    config: {
      type: 'string',
      description: 'Config file (TRIMTAB_CONFIG, default trimtab.config.*)',
      valueHint: 'path',
    },
    probe: { type: 'boolean', description: 'Also ask each provider for its models; costs no tokens' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const read = await readStack(args.config, io).catch((error: unknown) => {
      const problems = args.json ? problemsOf(error) : null;
      if (problems === null) throw error;
      printJson(io, { ok: false, problems });
      return null;
    });
    if (read === null) return EXIT.failed;
    const { path, stack } = read;
    const origin = path === null ? 'no config; what is on this machine' : relative(io.cwd, path) || path;
    const check = checkStack(stack, io.env, io.now());
    const probes = args.probe ? await probeProviders(stack, io.env) : null;
    const ok =
      check.secrets.length + check.connections.length + check.unservable.length === 0 &&
      !probes?.some(({ state }) => state === 'failed');
    const { id } = createRevision(stack, { source: 'file', origin, now: io.now() });
    if (args.json) printJson(io, { ok, origin, revision: id, ...check, probes });
    else io.out(renderCheck({ stack, check, probes, ok, title: `${origin}  ${paint(io, 'dim', id)}` }, io));
    return ok ? EXIT.ok : EXIT.failed;
  },
});

/** The stack of the config file, or of this machine where there is none. */
async function readStack(
  named: string | undefined,
  io: CliIo,
): Promise<{ path: string | null; stack: Stack }> {
  const path = named === undefined ? findConfig(io.cwd, io.env) : resolve(io.cwd, named);
  if (path === null) return { path, stack: await discovered(io) };
  const input = await loadConfig(path);
  try {
    return { path, stack: parse(input) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new BadConfig(error, (field) => placeOf(path, field, io));
  }
}

/** One thing wrong, as `--json` says it. `place` is file, line and column as far as they are known. */
interface ShownProblem {
  place: string | null;
  field: string | null;
  message: string;
}

/** A config that cannot be read as a stack: the message for people, each problem for programs. */
class BadConfig extends CliError {
  readonly problems: ShownProblem[];

  constructor(error: ConfigError, toPlace: (field: string) => string) {
    const problems = error.problems.map(({ field, message }) => ({ place: toPlace(field), field, message }));
    super(EXIT.failed, `${problems[0]?.place}: ${error.message}`);
    this.problems = problems;
  }
}

/** `null`: not a problem of the config. */
function problemsOf(error: unknown): ShownProblem[] | null {
  if (error instanceof BadConfig) return error.problems;
  if (error instanceof ConfigError) return error.problems.map((problem) => ({ place: null, ...problem }));
  if (!(error instanceof TrimtabError)) return null;
  return [{ place: null, field: error.field ?? null, message: error.message }];
}

function parse(input: unknown): Stack {
  return parseStack(input, { catalog, policies: policies.map(({ name }) => name) });
}

async function discovered(io: CliIo): Promise<Stack> {
  const { input } = await discover({ env: io.env, catalog, fetch, probeLocal: true });
  return parse(input);
}

/** `trimtab.config.yaml:12:5`, as far as the format has lines. */
function placeOf(path: string, field: string, io: CliIo): string {
  const shown = relative(io.cwd, path) || path;
  if (!/\.(?:ya?ml|json)$/.test(path)) return shown;
  const place = locateField(readFileSync(path, 'utf8'), field);
  return place ? `${shown}:${place.line}:${place.column}` : shown;
}

interface Report {
  title: string;
  stack: Stack;
  check: StackCheck;
  probes: ProbeResult[] | null;
  ok: boolean;
}

function renderCheck({ title, stack, check, probes, ok }: Report, io: CliIo): string {
  const count = (one: string, members: object): string => {
    const size = Object.keys(members).length;
    return `${size} ${one}${size === 1 ? '' : 's'}`;
  };
  const failures = [
    ...check.secrets,
    ...check.connections,
    ...check.unservable.map(
      (task) => `${formatPath(['tasks', task])}: no deployment of its route may get its data; see the table`,
    ),
  ];
  const lines = [
    paint(io, 'bold', title),
    `${count('provider', stack.providers)}, ${count('deployment', stack.deployments)}, ${count('task', stack.tasks)}`,
    '',
    ...(check.routes.length > 0 ? [renderRoutes(check.routes, io)] : []),
    ...(probes ? [renderProbes(probes, io)] : []),
    ...Object.entries(check.passThrough).map(([name, parts]) =>
      paint(io, 'dim', `passed through to ${printable(name)}: ${parts.join(', ')}`),
    ),
    ...check.warnings.map((text) => paint(io, 'yellow', `! ${printable(text)}`)),
    ...failures.map((text) => paint(io, 'red', `✗ ${text}`)),
    ok
      ? paint(io, 'green', '✓ This stack can serve.')
      : paint(io, 'red', '✗ This stack cannot serve as written.'),
  ];
  return `${lines.join('\n')}\n`;
}

function renderRoutes(routes: readonly RouteCheck[], io: CliIo): string {
  const why: Column<RouteCheck> = { title: 'why', min: 20, drop: 1, cell: ({ reason }) => reason ?? '' };
  return renderTable<RouteCheck>(
    io,
    [
      { title: 'task', min: 8, cell: ({ task }) => task },
      { title: 'data', cell: ({ dataClass }) => dataClass },
      { title: 'deployment', min: 12, cell: ({ deployment }) => deployment },
      {
        title: 'may go there',
        cell: ({ allowed }) => (allowed ? 'allowed' : 'refused'),
        style: ({ allowed }) => (allowed ? 'green' : 'red'),
      },
      {
        title: 'USD per million in/out',
        drop: 2,
        cell: priceOf,
        style: ({ price, measured }) => (price || measured ? undefined : 'yellow'),
      },
      ...(routes.some(({ reason }) => reason !== null) ? [why] : []),
    ],
    { rows: routes },
  );
}

function priceOf({ price, measured }: RouteCheck): string {
  if (!price && measured) return 'by the hour, measured';
  return price ? `${rounded(price.inputPerMillion)} / ${rounded(price.outputPerMillion)}` : 'unpriced';
}

function rounded(usd: number): string {
  return String(Number(usd.toPrecision(3)));
}

function renderProbes(probes: readonly ProbeResult[], io: CliIo): string {
  return renderTable<ProbeResult>(
    io,
    [
      { title: 'provider', cell: ({ provider }) => provider },
      {
        title: 'probe',
        cell: ({ state }) => state,
        style: ({ state }) => (state === 'ok' ? 'green' : state === 'failed' ? 'red' : 'dim'),
      },
      {
        title: 'detail',
        min: 20,
        cell: ({ detail, missingModels }) =>
          missingModels.length === 0 ? detail : `${detail}; does not list ${missingModels.join(', ')}`,
      },
    ],
    { rows: probes },
  );
}
