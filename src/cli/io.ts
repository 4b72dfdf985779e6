/** What a command may touch of the terminal. Tests give their own. */
export interface CliIo {
  out(text: string): void;
  /** Everything that is not the answer: hints, warnings, errors. */
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** A person can answer questions. */
  interactive: boolean;
  /** Whether `out` understands colours. */
  colour: boolean;
  /** Width to fit tables into; `Infinity` where a program reads. */
  columns: number;
  /** Epoch milliseconds. */
  now(): number;
  /** Aborts when the person asks to stop. */
  signal: AbortSignal;
}

/** What a command's `run` finds in `context.data`. */
export interface CommandData {
  io: CliIo;
}

export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** Ends a command with a message and an exit code of {@link EXIT}. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(EXIT.usage, message);
}

/** The io of this process: colours only on a terminal, and not under `NO_COLOR`. */
export function processIo(): CliIo {
  const { stdout, stderr, stdin, env } = process;
  const stop = new AbortController();
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    cwd: process.cwd(),
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    columns: stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    now: Date.now,
    get signal() {
      if (process.listenerCount('SIGINT') === 0) process.once('SIGINT', () => stop.abort());
      return stop.signal;
    },
  };
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Record<Style, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** The text in a style, where `io` shows styles. */
export function paint(io: Pick<CliIo, 'colour'>, style: Style, text: string): string {
  if (!io.colour || text === '') return text;
  const [on, off] = CODES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** How to call this program from where it is installed: in the repository, or as a package. */
export function commandName(): string {
  return import.meta.url.endsWith('.ts') ? 'npm run trimtab --' : 'npx trimtab';
}

export function printJson(io: CliIo, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}
