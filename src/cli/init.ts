import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cancel, intro, isCancel, log, multiselect, outro, select, text } from '@clack/prompts';
import { defineCommand } from 'citty';
import { catalog } from '../providers/index.ts';
import { policies } from '../routing/index.ts';
import { type Discovery, discover } from '../stack/discover.ts';
import { CONFIG_NAMES } from '../stack/load.ts';
import { parseStack } from '../stack/parse.ts';
import type { StackInput } from '../stack/schema.ts';
import { type ConfigFormat, FORMATS, toConfigText } from './config-template.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, usageError } from './io.ts';

const EXAMPLE_TASK = 'support-reply';
const SANDBOX_TARGET = 'sandbox/small';

/** `trimtab init`: looks at the machine, asks, writes a config that `check` accepts. */
export const initCommand = defineCommand({
  meta: { name: 'init', description: 'Write a config from what is on this machine' },
  args: {
    yes: { type: 'boolean', alias: 'y', description: 'Take everything found, ask nothing' },
    format: { type: 'string', description: `${FORMATS.join(', ')}; default ts` },
    force: { type: 'boolean', description: 'Write over a config that is there' },
    local: {
      type: 'boolean',
      default: true,
      negativeDescription: 'Do not look on local ports',
      description: 'Look on local ports',
    },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  async run({ args, data }) {
    const { io } = data as CommandData;
    const format = readFormat(args.format);
    if (!args.yes && !io.interactive) throw usageError('There is no terminal to ask on: add --yes');
    refuseOverwrite(io, { format, force: args.force === true });
    const discovery = await discover({ env: io.env, catalog, fetch, probeLocal: args.local });
    const chosen = args.yes
      ? {
          stack: toStack(discovery.input, Object.keys(discovery.input.providers ?? {}), EXAMPLE_TASK),
          format: format ?? 'ts',
        }
      : await ask(discovery, format);
    if (chosen === null) return EXIT.failed;
    refuseOverwrite(io, { format: chosen.format, force: args.force === true });
    parseStack(chosen.stack, { catalog, policies: policies.map(({ name }) => name) });
    const path = join(io.cwd, `trimtab.config.${chosen.format}`);
    writeFileSync(path, toConfigText(chosen.stack, chosen.format));
    report({ io, path, discovery, json: args.json === true, asked: !args.yes });
    return EXIT.ok;
  },
});

function readFormat(written: string | undefined): ConfigFormat | undefined {
  if (written === undefined) return undefined;
  const format = FORMATS.find((name) => name === written);
  if (format) return format;
  throw usageError(`--format: "${written}" is not one of ${FORMATS.join(', ')}`);
}

function refuseOverwrite(
  io: CliIo,
  { format, force }: { format: ConfigFormat | undefined; force: boolean },
): void {
  const there = CONFIG_NAMES.filter((name) => existsSync(join(io.cwd, name)));
  const other = format && there.find((name) => name !== `trimtab.config.${format}`);
  if (there.length > 0 && !force) {
    throw new CliError(EXIT.failed, `${there.join(' and ')} is there already. --force writes over it.`);
  }
  if (other)
    throw new CliError(EXIT.failed, `${other} is there too; remove it first: only one config may be there.`);
}

/** What was found, less what is not wanted, with one task to begin with. Never simulated and real in one route. */
function toStack(found: StackInput, wanted: readonly string[], task: string): StackInput {
  const providers = Object.fromEntries(
    Object.entries(found.providers ?? {}).filter(([name]) => wanted.includes(name)),
  );
  const deployments = Object.fromEntries(
    Object.entries(found.deployments ?? {}).filter(([, { provider }]) => wanted.includes(provider)),
  );
  const firstOfEach = wanted.flatMap((name) => {
    const first = Object.entries(deployments).find(([, { provider }]) => provider === name);
    return first ? [first[0]] : [];
  });
  return {
    providers,
    deployments,
    tasks: {
      [task]: {
        description: 'Draft the answer to a customer',
        dataClass: 'internal',
        route: firstOfEach.length > 0 ? firstOfEach : [SANDBOX_TARGET],
      },
    },
  };
}

async function ask(
  { input, found }: Discovery,
  given: ConfigFormat | undefined,
): Promise<{ stack: StackInput; format: ConfigFormat } | null> {
  intro('Trimtab: a config from what is here');
  log.info(
    found.length > 0
      ? found.join('\n')
      : 'Nothing found but the sandbox: simulated models that need no account.',
  );
  const names = Object.keys(input.providers ?? {});
  const wanted =
    names.length === 0
      ? []
      : await multiselect({
          message: 'Which should the stack use?',
          options: names.map((name) => ({ value: name, label: name })),
          initialValues: names,
          required: false,
        });
  if (isCancel(wanted)) return leave();
  const task = await text({
    message: 'A first task, named for what your app does',
    initialValue: EXAMPLE_TASK,
    validate: (name) =>
      /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/.test(name ?? '') ? undefined : 'Letters, digits and . _ : @ -',
  });
  if (isCancel(task)) return leave();
  const format =
    given ??
    (await select({
      message: 'Which format?',
      options: [
        { value: 'ts' as const, label: 'TypeScript', hint: 'types and completion' },
        { value: 'yaml' as const, label: 'YAML' },
        { value: 'json' as const, label: 'JSON' },
      ],
    }));
  if (isCancel(format)) return leave();
  return { stack: toStack(input, wanted, task), format };
}

function leave(): null {
  cancel('Nothing was written.');
  return null;
}

function report({
  io,
  path,
  discovery,
  json,
  asked,
}: {
  io: CliIo;
  path: string;
  discovery: Discovery;
  json: boolean;
  asked: boolean;
}): void {
  if (json) {
    io.out(`${JSON.stringify({ path, found: discovery.found })}\n`);
    return;
  }
  const next = [`${commandName()} check`, `${commandName()} start`];
  if (asked) {
    outro(`Wrote ${path}. Next: ${next.join(', then ')}`);
    return;
  }
  const found = discovery.found.length > 0 ? discovery.found : ['nothing but the sandbox'];
  io.out(
    `${[...found.map((line) => `Found ${line}`), `Wrote ${path}`, '', 'Next:', ...next.map((line) => `  ${line}`)].join('\n')}\n`,
  );
}
