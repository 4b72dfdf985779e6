import { runCli } from '../../src/cli/run.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export interface Terminal {
  env?: Record<string, string>;
  cwd: string;
  columns?: number;
  colour?: boolean;
  now?: number;
  signal?: AbortSignal;
  /** Told of each piece of output as it comes. */
  onOut?: (text: string) => void;
}

/** Runs one command line in this process, as a program reading it would. */
export async function run(argv: string[], terminal: Terminal): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    out: (text) => {
      out += text;
      terminal.onOut?.(text);
    },
    err: (text) => {
      err += text;
    },
    env: terminal.env ?? {},
    cwd: terminal.cwd,
    interactive: false,
    colour: terminal.colour ?? false,
    columns: terminal.columns ?? Number.POSITIVE_INFINITY,
    now: () => terminal.now ?? Date.now(),
    signal: terminal.signal ?? new AbortController().signal,
  });
  return { code, out, err };
}
