import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Told {
  pid: number;
  flags: string[];
  args: string[];
  arenas: string | null;
}

describe.skipIf(process.platform === 'win32')('takeSmallMemory', () => {
  let folder: string;
  let script: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trimtab-memory-'));
    script = join(folder, 'script.mjs');
    const module = pathToFileURL(join(import.meta.dirname, 'small-memory.ts'));
    writeFileSync(
      script,
      `import { takeSmallMemory } from '${module}';
      takeSmallMemory();
      const { pid, execArgv: flags, argv, env } = process;
      console.log(JSON.stringify({ pid, flags, args: argv.slice(2), arenas: env.MALLOC_ARENA_MAX ?? null }));`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(flags: string[], env: Record<string, string> = {}): Promise<Told & { child?: number }> {
    const child = spawn(process.execPath, [...flags, script, 'start', '--port', '0'], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(err).toBe('');
    return { ...(JSON.parse(out) as Told), ...(child.pid !== undefined && { child: child.pid }) };
  }

  test('starts again once, as the same process with the same arguments', async () => {
    const { pid, child, flags, args, arenas } = await run([]);
    expect(pid).toBe(child);
    expect(flags.map((flag) => flag.split('=')[0])).toContain('--max-semi-space-size');
    expect(args).toEqual(['start', '--port', '0']);
    expect(arenas).toBe('1');
  });

  test("leaves a process with flags of one's own alone", async () => {
    expect(await run(['--max-old-space-size=512'])).toMatchObject({
      flags: ['--max-old-space-size=512'],
      arenas: null,
    });
  });

  test('what the environment says wins', async () => {
    const { flags, arenas } = await run([], {
      NODE_OPTIONS: '--max-semi-space-size=8',
      MALLOC_ARENA_MAX: '4',
    });
    expect(flags.some((flag) => flag.startsWith('--max-semi-space-size'))).toBe(false);
    expect(flags.length).toBeGreaterThan(0);
    expect(arenas).toBe('4');
  });
});
