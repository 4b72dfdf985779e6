/** Day zero in a real terminal: `script` (util-linux) gives the command a pseudo-terminal of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'trimtab-day-zero-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Others name their options otherwise. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');

const TYPED: [question: string, answer: string][] = [
  ['How many calls a month', '2m'],
  ['input tokens has', '900'],
  ['output tokens has', '150'],
];

test.skipIf(!hasScript)(
  'the questions are answered one after another, and the report is there',
  async () => {
    const command = `stty cols 100 rows 40; ${process.execPath} ${join(ROOT, 'src/cli/trimtab.ts')} advise --by ana --html report.html`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    let answered = -1;
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += stripVTControlCharacters(text);
      const place = questionAt(shown);
      // A question is whole once the line below it is drawn; every key draws it again, under the number it had.
      if (place === null || place.number <= answered || !shown.includes('└', place.from)) return;
      answered = place.number;
      terminal.stdin.write(keysFor(shown.slice(place.from)));
    });
    const code = await new Promise((done) => terminal.once('close', done));
    expect({ code, end: shown.slice(-2_000) }).toMatchObject({
      code: 0,
      end: expect.stringContaining('Watch out'),
    });
    expect(answered).toBeGreaterThan(14);
    expect(answered).toBeLessThan(29);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('refund-check');
    expect(readFileSync(join(folder, 'profile.yaml'), 'utf8')).toContain('callsPerMonth: 2000000');
  },
  60_000,
);

/** The newest question on the screen; the name of the task is number 0. */
function questionAt(shown: string): { number: number; from: number } | null {
  const from = shown.lastIndexOf('◆');
  if (from < 0) return null;
  const counted = /\((\d+) of about/.exec(shown.slice(from));
  if (counted) return { number: Number(counted[1]), from };
  return shown.includes('called?', from) ? { number: 0, from } : null;
}

function keysFor(question: string): string {
  if (question.includes('called?')) return 'refund-check\r';
  if (question.includes('Space picks')) return ' \r';
  return `${TYPED.find(([words]) => question.includes(words))?.[1] ?? ''}\r`;
}
