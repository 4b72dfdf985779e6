/**
 * A program around one spool, driven by lines on stdin: `take <n>` takes n records, `close` closes and ends. After
 * each it says `{ state, taken }` on stdout; what the spool logs it says too, as `{ level, message }`.
 */

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openSpool } from '../../src/evidence/spool.ts';
import { recordOf } from '../evidence/records.ts';

const say = (event: object) => writeSync(1, `${JSON.stringify(event)}\n`);
const log = (level: string) => (_: object, message: string) => void say({ level, message });
const spool = openSpool({
  dir: process.argv[2] as string,
  maxBytes: 2 ** 30,
  logger: { info: log('info'), warn: log('warn'), error: log('error') },
  onAppend: () => {},
});
let taken = 0;

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, count] = line.split(' ');
  for (let n = 0; command === 'take' && n < Number(count); n++) spool.take(recordOf(`call_${taken++}`));
  if (command === 'close') spool.close();
  say({ state: spool.state, taken });
  if (command === 'close') process.exit(0);
});
say({ state: spool.state, taken });
