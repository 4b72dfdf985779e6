/** The command line itself; some of it as the real program. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/index.ts';
import { run } from './terminal.ts';

const dir = mkdtempSync(join(tmpdir(), 'trimtab-line-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const cli = (...argv: string[]) => run(argv, { cwd: dir });

/** The entry in a process of its own. */
function program(
  argv: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [resolve('src/cli/trimtab.ts'), ...argv], {
      cwd: dir,
      env: { PATH: process.env.PATH ?? '', ...env },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, out, err }));
  });
}

describe('the program', () => {
  test('answers, with exit codes a script can use', async () => {
    const [version, help, unknown, unreachable] = await Promise.all([
      program(['--version']),
      program([]),
      program(['cots']),
      program(['costs']),
    ]);
    expect(version).toMatchObject({ code: 0, err: '' });
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const width = Math.max(...commands.map(({ name }) => name.length));
    for (const { name, summary } of commands)
      expect(help.out).toContain(`\n  ${name.padEnd(width)}  ${summary}\n`);
    expect(help.out).toBe(stripVTControlCharacters(help.out));
    expect(unknown).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('did you mean "costs"?'),
    });
    expect(unreachable).toMatchObject({ code: 3, out: '' });
  });
});

describe('help', () => {
  test.each(commands.map(({ name }) => name))('%s --help shows its flags', async (name) => {
    const { code, out } = await cli(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain('USAGE');
    expect(out).toContain('--json');
    expect(out).toBe(stripVTControlCharacters(out));
  });

  test.each([
    ['calls', 'show'],
    ['keys', 'create'],
    ['keys', 'disable'],
    ['revisions', 'diff'],
    ['revisions', 'rollback'],
  ])('%s %s --help', async (...argv) => {
    const { code, out } = await cli(...argv, '--help');
    expect(code).toBe(0);
    expect(out).toContain(argv.join(' '));
  });
});

describe('wrong usage ends with 2 and says what is right', () => {
  test.each([
    [['costs', '--sinse', '3d'], 'did you mean --since?'],
    [['costs', '--since'], '--since needs a value'],
    [['costs', '--since', '--json'], '--since needs a value'],
    [['costs', '--since', 'soon'], '"soon" is not a time'],
    [['costs', '--by', 'team'], 'is not one of task, user, deployment, key'],
    [['costs', 'extra'], 'takes nothing called "extra"'],
    [['calls', '--limit', '0'], 'is not a number from 1 to 500'],
    [['calls', '--outcome', 'fine'], 'is not one of ok, error'],
    [['calls', 'shwo', 'x'], 'did you mean "show"?'],
    [['calls', 'show'], 'ID'],
    [['keys', 'create', '--name', 'x', '--expires', '2020-01-01'], 'in the past'],
    [['init', '--yes', '--format', 'toml'], 'is not one of ts, yaml, json'],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await cli(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
