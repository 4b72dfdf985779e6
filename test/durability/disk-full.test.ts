import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseLine } from '../../src/evidence/record-line.ts';
import { listSegments } from '../../src/evidence/segments.ts';

interface Event {
  state?: 'ok' | 'full';
  taken?: number;
  level?: string;
  message?: string;
}

/** The spool in a process of its own: a limit set on it is a real refusal by the kernel. */
class SpoolProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly logged: Event[] = [];

  constructor(dir: string) {
    const program = new URL('./spool-program.ts', import.meta.url).pathname;
    this.#child = spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Reads on until an event fits. */
  async until(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error('the spool program ended');
      const event = JSON.parse(value) as Event;
      if (event.level) this.logged.push(event);
      if (fits(event)) return event;
    }
  }

  async tell(command: string): Promise<Event> {
    this.#child.stdin.write(`${command}\n`);
    return this.until(({ state }) => state !== undefined);
  }

  /** Largest file the program may write, bytes. */
  limitFiles(bytes: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(this.#child.pid), `--fsize=${bytes}:unlimited`]);
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    await this.tell('close');
    await gone;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Ids in the spool; every line must be whole. */
function idsIn(dir: string): string[] {
  return listSegments(dir).flatMap(({ path }) => {
    const text = readFileSync(path, 'utf8');
    expect(text === '' || text.endsWith('\n')).toBe(true);
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => parseLine(line)?.id as string);
  });
}

const idsUpTo = (count: number) => Array.from({ length: count }, (_, n) => `call_${n}`);
const isRecovered = ({ level, message }: Event) => level === 'warn' && /again/.test(message ?? '');
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount();

function tryMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'trimtab-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status === 0;
  if (mounted) execFileSync('umount', [dir]);
  rmSync(dir, { recursive: true });
  return mounted;
}

describe('a disk that refuses writes', () => {
  let root: string;
  let program: SpoolProgram | undefined;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trimtab-full-'));
  });
  afterEach(() => {
    program?.kill();
    rmSync(root, { recursive: true });
  });

  test.skipIf(!hasPrlimit)(
    'by a limit of the kernel: full, loud once, nothing lost, heals by itself',
    async () => {
      const dir = join(root, 'spool');
      program = new SpoolProgram(dir);
      await program.until(({ state }) => state === 'ok');
      expect(await program.tell('take 10')).toEqual({ state: 'ok', taken: 10 });

      program.limitFiles(500);
      expect(await program.tell('take 50')).toMatchObject({ state: 'full' });
      expect(await program.tell('take 5')).toMatchObject({ state: 'full', taken: 65 });
      expect(idsIn(dir)).toEqual(idsUpTo(10));

      program.limitFiles('unlimited');
      await program.until(isRecovered);
      expect(await program.tell('take 10')).toEqual({ state: 'ok', taken: 75 });
      await program.end();
      expect(idsIn(dir)).toEqual(idsUpTo(75));
      expect(program.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    },
  );

  test.skipIf(!canMount)('by having no room: full, loud once, nothing lost, heals by itself', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', root]);
    try {
      const ballast = join(root, 'ballast');
      writeFileSync(ballast, Buffer.alloc(128 * 1024));
      const dir = join(root, 'spool');
      program = new SpoolProgram(dir);
      await program.until(({ state }) => state === 'ok');
      expect(await program.tell('take 350')).toEqual({ state: 'full', taken: 350 });
      const before = idsIn(dir);
      expect(before.length).toBeGreaterThan(100);
      expect(before.length).toBeLessThan(350);
      unlinkSync(ballast);
      await program.until(isRecovered);
      expect(await program.tell('take 1')).toEqual({ state: 'ok', taken: 351 });
      await program.end();
      expect(idsIn(dir)).toEqual(idsUpTo(351));
      expect(program.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    } finally {
      program?.kill();
      spawnSync('umount', ['-l', root]);
    }
  });
});
