/**
 * Makes the publishable package: `dist/` from `src/`, with the dashboard in `dist/dashboard`.
 * Fails when the emitted code still points at a TypeScript file.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(join(bin, command), args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);
run('vite', ['build', 'dashboard', '--logLevel', 'warn']);
cpSync(join(root, 'dashboard', 'dist'), join(root, 'dist', 'dashboard'), { recursive: true });
for (const asset of globSync('src/**/*.{json,csv,txt}', { cwd: root })) {
  cpSync(join(root, asset), join(root, 'dist', asset.slice('src/'.length)));
}

const stale = globSync('dist/**/*.js', { cwd: root, exclude: ['dist/dashboard/**'] }).filter((file) =>
  /(?:new URL|import|from|require)\s*\(?\s*['"`]\.[^'"`]*\.ts['"`]/.test(
    readFileSync(join(root, file), 'utf8'),
  ),
);
if (stale.length > 0) {
  console.error(`These files still point at TypeScript sources: ${stale.join(', ')}`);
  process.exit(1);
}
console.log('dist/ is ready: `npm pack` makes the package.');
