import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createHistogramFamily } from './histogram-text.ts';

test('the text of a histogram is what prom-client writes', async () => {
  const buckets = [0.05, 0.5, 1, 30];
  const seconds = fc.oneof(
    fc.constantFrom(0, 0.05, 0.5, 30),
    fc.double({ min: 0, max: 100, noDefaultInfinity: true, noNaN: true }),
  );
  const observed = fc.array(fc.tuple(fc.constantFrom('a', 'b "quoted" \\ \n'), seconds));
  await fc.assert(
    fc.asyncProperty(observed, async (values) => {
      const registry = new Registry();
      const theirs = new Histogram({
        name: 'x_seconds',
        help: 'A time.',
        labelNames: ['task', 'sandbox'],
        buckets,
        registers: [registry],
      });
      const ours = createHistogramFamily('x_seconds', 'A time.', buckets);
      const series = new Map<string, ReturnType<typeof ours.series>>();
      for (const [task, value] of values) {
        const labels = { task, sandbox: 'false' };
        theirs.observe(labels, value);
        if (!series.has(task)) series.set(task, ours.series(labels));
        series.get(task)?.observe(value);
      }
      expect(`${ours.text()}\n`).toBe(await registry.metrics());
    }),
  );
});

test('a value that is not finite is left out', () => {
  const family = createHistogramFamily('x_seconds', 'A time.', [1]);
  const series = family.series({ task: 'a' });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2]) series.observe(value);
  expect(family.text()).toContain('x_seconds_sum{task="a"} 2\nx_seconds_count{task="a"} 1');
});
