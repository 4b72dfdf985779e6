import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** Closes a run with one plain line that scripts can read. */
const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.state() === 'failed' && module.children.size === 0) count.failed++;
      for (const test of module.children.allTests()) count[test.result().state]++;
    }
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  },
};

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts'],
    // Files of a worker share their modules: loading them anew for each file was a third of the suite's CPU time. A test
    // file puts back whatever of the process it changes (environment, working folder, signal handlers).
    isolate: false,
    // Many files wait for servers, kills and browsers. Vitest's own default leaves a core idle.
    maxWorkers: availableParallelism() + 1,
    reporters: ['default', closingLine],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
