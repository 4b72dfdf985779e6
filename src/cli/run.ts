import { stripVTControlCharacters } from 'node:util';
import { type ArgDef, type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty';
import { readVersion } from '../control/version.ts';
import { TrimtabError } from '../core/error.ts';
import { didYouMean } from '../stack/nearest.ts';
import { commands } from './index.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, paint, usageError } from './io.ts';

/**
 * Runs one command line; returns the exit code. Unknown commands and flags are errors with the nearest spelling, and
 * `--help` works at every level.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch([...argv], io);
  } catch (error) {
    return report(error, io);
  }
}

async function dispatch(argv: string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version' || name === '-v') {
    io.out(`${readVersion()}\n`);
    return EXIT.ok;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(overview(io));
    return EXIT.ok;
  }
  const entry = commands.find((command) => command.name === name);
  if (!entry) {
    const names = commands.map((command) => command.name);
    throw usageError(
      `There is no command "${name}"${didYouMean(name, names)}\nCommands: ${names.join(', ')}`,
    );
  }
  return runLeaf(await resolveLeaf(await entry.load(), rest), io);
}

interface Leaf {
  command: CommandDef<ArgsDef>;
  /** `calls show`. */
  title: string;
  rawArgs: string[];
}

/** Follows sub-commands to the one that runs. */
async function resolveLeaf(root: CommandDef<ArgsDef>, args: string[]): Promise<Leaf> {
  let command = root;
  let rawArgs = args;
  const title = [await nameOf(root)];
  for (;;) {
    const subCommands = (await resolved(command.subCommands)) as
      | Record<string, CommandDef<ArgsDef>>
      | undefined;
    const [first, ...rest] = rawArgs;
    if (!subCommands || first === undefined || first.startsWith('-')) break;
    const next = Object.hasOwn(subCommands, first) ? subCommands[first] : undefined;
    // A command with sub-commands may also take a word of its own: `bench DEPLOYMENT`, `bench list`.
    const own = ((await resolved(command.args)) ?? {}) as ArgsDef;
    if (!next && Object.values(own).some(({ type }) => type === 'positional')) break;
    if (!next) {
      const names = Object.keys(subCommands);
      const written = title.join(' ');
      throw usageError(
        `There is no "${written} ${first}"${didYouMean(first, names)}\nThere are: ${names.join(', ')}`,
      );
    }
    command = next;
    rawArgs = rest;
    title.push(first);
  }
  return { command, title: title.join(' '), rawArgs };
}

async function runLeaf({ command, title, rawArgs }: Leaf, io: CliIo): Promise<number> {
  const beforeDashes = rawArgs.includes('--') ? rawArgs.slice(0, rawArgs.indexOf('--')) : rawArgs;
  if (beforeDashes.includes('--help') || beforeDashes.includes('-h') || !command.run) {
    io.out(await usageOf(command, title, io));
    return EXIT.ok;
  }
  const args = ((await resolved(command.args)) ?? {}) as ArgsDef;
  checkFlags(rawArgs, args, title);
  const data: CommandData = { io };
  const { subCommands: _none, ...leaf } = command;
  const { result } = await runCommand(leaf as CommandDef<ArgsDef>, { rawArgs, data });
  return typeof result === 'number' ? result : EXIT.ok;
}

/** Citty takes flags it does not know in silence; a mistyped filter must not widen an answer. */
function checkFlags(rawArgs: readonly string[], args: ArgsDef, title: string): void {
  const known = new Map<string, ArgDef>();
  let places = 0;
  for (const [name, def] of Object.entries(args)) {
    if (def.type === 'positional') {
      places++;
      continue;
    }
    const alias = 'alias' in def && def.alias ? [def.alias].flat() : [];
    for (const each of [name, ...alias]) known.set(each, def);
  }
  for (let i = 0; i < rawArgs.length; i++) {
    const arg = rawArgs[i] as string;
    if (arg === '--') return;
    if (!arg.startsWith('-') || arg === '-') {
      if (places-- > 0) continue;
      throw usageError(`"${title}" takes nothing called "${arg}". See ${commandName()} ${title} --help`);
    }
    const [written, value] = splitFlag(arg);
    const def = known.get(written) ?? known.get(written.replace(/^no-/, ''));
    if (!def) {
      const names = [...known.keys(), 'help'];
      const hint = didYouMean(written, names).replace(/"(.+)"/, '--$1');
      throw usageError(`"${title}" has no flag ${arg.split('=')[0]}${hint}`);
    }
    if (def.type === 'boolean' || value !== undefined) continue;
    const next = rawArgs[++i];
    if (next === undefined || /^--?[a-z]/i.test(next)) throw usageError(`--${written} needs a value`);
  }
}

function splitFlag(arg: string): [name: string, value: string | undefined] {
  const bare = arg.replace(/^--?/, '');
  const equals = bare.indexOf('=');
  return equals < 0 ? [bare, undefined] : [bare.slice(0, equals), bare.slice(equals + 1)];
}

async function usageOf(command: CommandDef<ArgsDef>, title: string, io: CliIo): Promise<string> {
  const meta = { ...((await resolved(command.meta)) as object), name: `${commandName()} ${title}` };
  const text = await renderUsage({ ...command, meta });
  return `${io.colour ? text : stripVTControlCharacters(text)}\n`;
}

function overview(io: CliIo): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${paint(io, 'cyan', name.padEnd(width))}  ${summary}`);
  return [
    `${paint(io, 'bold', `Trimtab ${readVersion()}`)}: choose, run and keep improving an LLM stack`,
    '',
    `Usage: ${commandName()} <command> [flags]`,
    '',
    ...lines,
    '',
    `Each has --help. Flags --help and --version work alone. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server.`,
    '',
  ].join('\n');
}

function report(error: unknown, io: CliIo): number {
  if (io.signal.aborted) return 130;
  const red = (text: string): string => paint(io, 'red', text);
  if (error instanceof CliError) {
    io.err(`${red(error.message)}\n`);
    return error.exitCode;
  }
  if (error instanceof TrimtabError) {
    io.err(`${red(error.message)}\n${error.advice}\n`);
    return EXIT.failed;
  }
  if (error instanceof Error && error.name === 'CLIError') {
    io.err(`${red(stripVTControlCharacters(error.message))}\n`);
    return EXIT.usage;
  }
  io.err(`${red(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  return EXIT.failed;
}

function resolved<T>(value: T | (() => T) | undefined): T | undefined {
  return typeof value === 'function' ? (value as () => T)() : value;
}

async function nameOf(command: CommandDef<ArgsDef>): Promise<string> {
  const meta = (await resolved(command.meta)) as { name?: string } | undefined;
  return meta?.name ?? '';
}
