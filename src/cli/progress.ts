import type { CliIo } from './io.ts';

/** Progress of long work on the error stream: one line that is rewritten, on a terminal only. */
export interface Progress {
  /** `share`: 0 to 1, `null`: nobody knows the end. At most ten times a second. */
  show(share: number | null, text: string): void;
  clear(): void;
}

const EVERY_MS = 100;
const BAR_CHARS = 20;

export function createProgress(io: CliIo, verb: string): Progress {
  let shownAt = 0;
  let width = 0;
  return {
    show(share, text) {
      const now = io.now();
      if (!io.interactive || now - shownAt < EVERY_MS) return;
      shownAt = now;
      const filled = Math.round((share ?? 0) * BAR_CHARS);
      const bar =
        share === null
          ? ''
          : ` ${'█'.repeat(filled)}${'░'.repeat(BAR_CHARS - filled)} ${Math.floor(share * 100)} %`;
      const line = `${verb}${bar}  ${text}`;
      io.err(`\r${line.padEnd(width)}`);
      width = line.length;
    },
    clear() {
      if (width > 0) io.err(`\r${' '.repeat(width)}\r`);
      width = 0;
    },
  };
}
