import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Roster, type UnderWay } from './under-way.ts';

test('a roster holds what was added and not deleted, in whatever order that happens', () => {
  const steps = fc.array(fc.record({ adds: fc.boolean(), which: fc.nat(9) }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (list) => {
      const calls: UnderWay[] = Array.from({ length: 10 }, () => ({ place: -1, cut: () => {} }));
      const roster = new Roster();
      const model = new Set<UnderWay>();
      for (const { adds, which } of list) {
        const call = calls[which] as UnderWay;
        if (adds && !model.has(call)) {
          model.add(call);
          roster.add(call);
        } else if (!adds) {
          expect(roster.delete(call)).toBe(model.delete(call));
        }
        expect(roster.size).toBe(model.size);
        expect(new Set(roster.list())).toEqual(model);
      }
    }),
  );
});
