/** The picture of spend and risk: nothing leaves it, and names do not touch. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BubbleTask, layOutBubbles, toBubbleScale } from '../../dashboard/src/charts/bubble-layout.ts';

const task = fc.record<BubbleTask>({
  task: fc.string({ minLength: 1 }),
  usd: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true })),
  risk: fc.nat(20),
  saves: fc.double({ min: 0, max: 1e6, noNaN: true }),
});

test('every task stands in the picture; more spend is further right, more risk higher, more saving larger', () => {
  fc.assert(
    fc.property(fc.array(task, { minLength: 1, maxLength: 60 }), (tasks) => {
      const scale = toBubbleScale(tasks);
      const bubbles = layOutBubbles(tasks, scale);
      expect(bubbles).toHaveLength(tasks.length);
      for (const { x, y } of bubbles) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(100);
        expect(y).toBeGreaterThanOrEqual(scale.top - 0.001);
        expect(y).toBeLessThanOrEqual(scale.bottom + 0.001);
      }
      for (const a of bubbles)
        for (const b of bubbles) {
          if (a.task.usd !== null && b.task.usd !== null && a.task.usd < b.task.usd)
            expect(a.x).toBeLessThanOrEqual(b.x);
          if (a.task.risk < b.task.risk) expect(a.y).toBeGreaterThan(b.y);
          if (a.task.saves < b.task.saves) expect(a.radius).toBeLessThanOrEqual(b.radius);
        }
      const named = bubbles.filter(({ named: how }) => how !== 'never');
      for (const a of named)
        for (const b of named)
          if (a !== b) expect(Math.abs(a.x - b.x) > 14 || Math.abs(a.y - b.y) > 18).toBe(true);
    }),
    { numRuns: 50 },
  );
});
