import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { stringify } from 'yaml';
import { adviseTask } from '../advisor/advise-task.ts';
import type { TaskEvidence } from '../advisor/evidence.ts';
import { type ParsedProfile, toProfileFile } from '../advisor/profile/file.ts';
import { changeAnswer, parseProfile } from '../advisor/profile/parse.ts';
import { renderReport, type Variant } from '../advisor/report/report.ts';
import type { EvidenceAnswer } from '../control/api-types.ts';
import { locateField, parseJsonConfig, parseYamlConfig } from '../stack/config-file.ts';
import { ConfigError } from '../stack/problems.ts';
import { renderAdvice } from './advise-summary.ts';
import { runWizard } from './advise-wizard.ts';
import { clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, usageError } from './io.ts';

const DEFAULT_FILE = 'profile.yaml';

/** `trimtab advise`: from twenty questions or a profile file to what to run, what it costs and what to do next. */
export const adviseCommand = defineCommand({
  meta: {
    name: 'advise',
    description:
      'Advise on one task: API, self-hosted, hybrid or fine-tuned, why, at what cost, and what next. Needs no server. ' +
      'Example: advise --profile profile.yaml --what-if data.class=restricted',
  },
  args: {
    profile: {
      type: 'string',
      description: `Profile file; without one, questions are asked and ${DEFAULT_FILE} is written`,
      valueHint: 'path',
    },
    save: {
      type: 'string',
      description: `Where the answers to the questions are kept; default ${DEFAULT_FILE}`,
      valueHint: 'path',
    },
    by: { type: 'string', description: 'Who answers; default $USER', valueHint: 'name' },
    'what-if': {
      type: 'string',
      description:
        'Change one answer, again and again: data.class=restricted, volume.callsPerMonth=2e6, team.ranModels=unknown',
      valueHint: 'key=value',
    },
    compare: {
      type: 'boolean',
      description: 'Each --what-if on its own, beside the profile as it is, with why they differ',
    },
    task: {
      type: 'string',
      description: 'Measure this task: its calls and imported history, on the server or in the data folder',
    },
    html: { type: 'string', description: 'Write the report as one HTML file', valueHint: 'path' },
    md: { type: 'string', description: 'Write the report as Markdown', valueHint: 'path' },
    publish: {
      type: 'boolean',
      description: 'Keep the profile with the server, for its Advisor page',
    },
    'data-dir': clientArgs['data-dir'],
    json: { type: 'boolean', description: 'Print JSON' },
  },
  async run({ args, rawArgs, data }) {
    const { io } = data as CommandData;
    const parsed = args.profile === undefined ? await ask(io, args) : readProfile(io, args.profile);
    if (parsed === null) return EXIT.failed;
    const evidence = args.task === undefined ? null : await readEvidence(io, args.task, args['data-dir']);
    const at = io.now();
    const of = (one: ParsedProfile, changed: readonly string[] = []) => {
      const supposed = changed.map((change) => change.split('=', 1)[0] as string);
      const task = args.task ?? one.task;
      return adviseTask({ ...one, task, evidence, supposed }, at);
    };
    const changes = whatIfs(rawArgs);
    const variants: Variant[] = args.compare
      ? [
          { name: 'as it is', advice: of(parsed) },
          ...changes.map((change) => ({ name: change, advice: of(applyWhatIf(parsed, change), [change]) })),
        ]
      : [{ name: 'advice', advice: of(changes.reduce(applyWhatIf, parsed), changes) }];
    if (args.publish) await publish(io, { ...parsed, task: args.task ?? parsed.task }, args['data-dir']);
    writeReport(io, variants, { html: args.html, md: args.md });
    if (args.json) io.out(renderReport(variants, 'json'));
    else if (args.compare) io.out(renderReport(variants, 'md').split('\n---\n', 1)[0] as string);
    else for (const { advice } of variants) io.out(renderAdvice(advice, io));
    return EXIT.ok;
  },
});

async function publish(io: CliIo, parsed: ParsedProfile, dataDir: string | undefined): Promise<void> {
  const by = io.env.USER ?? 'you';
  const file = toProfileFile(parsed, by, new Date(io.now()).toISOString().slice(0, 10));
  await withClient(io, { dataDir }, async (client) => {
    await client.post(`/api/v1/advice/${encodeURIComponent(parsed.task)}/profile`, file);
    io.err(`The profile of ${parsed.task} is kept${client.url === null ? '' : ` on ${client.url}`}.\n`);
  });
}

/** Throws CliError when the task has no calls: a name that is wrong should not read as "nothing measured". */
async function readEvidence(io: CliIo, task: string, dataDir: string | undefined): Promise<TaskEvidence> {
  return withClient(io, { dataDir }, async (client) => {
    const { evidence } = await client.get<EvidenceAnswer>('/api/v1/evidence', { task });
    if (evidence) return evidence;
    throw new CliError(
      EXIT.failed,
      `No real call of "${task}" is on record and none was imported: ${commandName()} import FILE --task ${task}`,
    );
  });
}

function writeReport(
  io: CliIo,
  variants: readonly Variant[],
  paths: Partial<Record<'html' | 'md', string | undefined>>,
): void {
  for (const format of ['html', 'md'] as const) {
    const named = paths[format];
    if (named === undefined) continue;
    const path = resolve(io.cwd, named);
    try {
      writeFileSync(path, renderReport(variants, format));
    } catch (error) {
      throw new CliError(EXIT.failed, `--${format} ${named}: cannot be written: ${(error as Error).message}`);
    }
    io.err(`Report: ${path}\n`);
  }
}

async function ask(
  io: CliIo,
  args: { save?: string | undefined; by?: string | undefined },
): Promise<ParsedProfile | null> {
  if (!io.interactive) {
    throw usageError(
      `There is no terminal to ask on: add --profile FILE. The questions and a file to start from stand in docs/advise.md and examples/profiles/.`,
    );
  }
  const path = resolve(io.cwd, args.save ?? DEFAULT_FILE);
  const by = args.by ?? io.env.USER ?? 'you';
  const start = existsSync(path) ? readProfile(io, path) : null;
  const keep = (parsed: ParsedProfile): void => {
    const file = toProfileFile(parsed, by, new Date(io.now()).toISOString().slice(0, 10));
    writeFileSync(path, /\.json$/.test(path) ? `${JSON.stringify(file, null, 2)}\n` : stringify(file));
  };
  const answered = await runWizard({ start, by, now: io.now(), keep });
  if (answered === null) {
    io.err(
      `Your answers so far are in ${relative(io.cwd, path)}; \`${commandName()} advise\` goes on from there.\n`,
    );
    return null;
  }
  return answered;
}

/** Throws CliError naming file, line and column of what is wrong. */
export function readProfile(io: CliIo, named: string): ParsedProfile {
  const path = resolve(io.cwd, named);
  const shown = relative(io.cwd, path) || path;
  if (!/\.(?:ya?ml|json)$/.test(path)) throw usageError(`${shown}: a profile ends in .yaml, .yml or .json`);
  if (!existsSync(path)) throw new CliError(EXIT.failed, `${shown}: there is no such file`);
  const text = readFileSync(path, 'utf8');
  const input = path.endsWith('.json') ? parseJsonConfig(text, shown) : parseYamlConfig(text, shown);
  try {
    return parseProfile(input);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const place = locateField(text, error.problems[0]?.field ?? '');
    throw new CliError(
      EXIT.failed,
      `${shown}${place ? `:${place.line}:${place.column}` : ''}: ${error.message}`,
    );
  }
}

/** Citty keeps the last of a repeated flag; all of them count here. */
function whatIfs(rawArgs: readonly string[]): string[] {
  return rawArgs.flatMap((arg, index) => {
    if (arg.startsWith('--what-if=')) return [arg.slice('--what-if='.length)];
    return arg === '--what-if' ? [rawArgs[index + 1] ?? ''] : [];
  });
}

function applyWhatIf(profile: ParsedProfile, change: string): ParsedProfile {
  const equals = change.indexOf('=');
  if (equals <= 0) throw usageError(`--what-if ${change}: write key=value, e.g. data.class=restricted`);
  try {
    return changeAnswer(profile, change.slice(0, equals), change.slice(equals + 1));
  } catch (error) {
    if (error instanceof ConfigError) throw usageError(`--what-if ${change}: ${error.message}`);
    throw error;
  }
}
