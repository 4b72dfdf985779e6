/**
 * An outage under load: `node bench/outage.ts [seconds of each phase]`. 200 streams at once, two deployments in order. The first
 * resets every call before its headers for one phase, then is back for two (its circuit closes over 30 s). It dies and comes
 * back between phases, when no stream is under way: no byte was sent of any call it fails, so no client may see an error.
 */
import { type FailingStack, type Outcome, startFailingStack } from './failing-stack.ts';

const WIDTH = 200;
const seconds = Number(process.argv[2] ?? 8);

async function phase(stack: FailingStack, ms: number) {
  const until = performance.now() + ms;
  const outcomes: Outcome[] = [];
  stack.records.length = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) outcomes.push(await stack.call());
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  const answeredBy = stack.records.map(({ attempts }) => attempts.at(-1)?.deployment);
  const sorted = outcomes.map(({ firstMs }) => firstMs).sort((one, other) => one - other);
  return {
    calls: outcomes.length,
    errors: outcomes.filter(({ ok }) => !ok).length,
    'failed attempts': stack.records.flatMap(({ attempts }) => attempts).filter(({ errorCode }) => errorCode)
      .length,
    'by the first': `${((100 * answeredBy.filter((name) => name === 'a').length) / answeredBy.length).toFixed(0)} %`,
    'first byte p50 ms': (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0),
    'p99 ms': (sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(0),
  };
}

const stack = await startFailingStack();
for (const vendor of [stack.first, stack.second]) {
  vendor.between = () => new Promise((resolve) => setTimeout(resolve, 100));
}
const rows: Record<string, Awaited<ReturnType<typeof phase>>> = {};
rows['both well'] = await phase(stack, seconds * 1000);
stack.first.fault = 'reset-before-headers';
rows['the first resets'] = await phase(stack, seconds * 1000);
stack.first.fault = null;
for (let slice = 1; slice <= 4; slice++) {
  rows[`back, slice ${slice}`] = await phase(stack, (seconds * 1000) / 2);
}
await stack.close();
console.table(rows);
