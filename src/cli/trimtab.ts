/**
 * The program's entry. It imports nothing statically, so that a Node.js too old for the rest still gets this far and
 * says so in one line.
 */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `trimtab needs Node.js 24 or newer; this is ${process.version}. See https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else {
  const { keepCompiledCode } = await import('./compile-cache.ts');
  keepCompiledCode();
  if (process.argv[2] === 'start') {
    const { takeSmallMemory } = await import('./small-memory.ts');
    takeSmallMemory();
  }
  const { runCli } = await import('./run.ts');
  const { processIo } = await import('./io.ts');
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader left: `trimtab calls | head`.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const exitCode = await runCli(process.argv.slice(2), processIo());
  if (exitCode !== 0) process.exitCode = exitCode;
}

export {};
