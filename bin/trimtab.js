#!/usr/bin/env node
// The published entry. Plain JavaScript that old runtimes can read, so that they get one clear line.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `trimtab needs Node.js 24 or newer; this is ${process.version}. See https://nodejs.org\n`,
  );
  process.exit(1);
}
void import('../dist/cli/trimtab.js');
