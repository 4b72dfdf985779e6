import { describe, expect, test } from 'vitest';
import { advise } from '../../src/advisor/advise.ts';
import { type Answers, createProfile } from '../../src/advisor/profile/create.ts';
import type { FactId } from '../../src/advisor/profile/fields/index.ts';
import { CASES } from './cases.ts';

const AT = Date.parse('2026-11-25T00:00:00Z');

/** `'unknown'` takes an answer of the base away. */
function adviseOn(said: (typeof CASES)[number]['said']) {
  const answers: Answers = {};
  for (const [id, value] of Object.entries(said)) {
    if (value !== 'unknown') answers[id as FactId] = { value, by: 'case', at: AT };
  }
  return advise({ profile: createProfile({ task: 'case', answers }), at: AT });
}

describe('written cases', () => {
  test('are sixty or more, each with a name of its own', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  });

  test.each(CASES)('$name', ({ said, end, layer, base, layers = {}, reason }) => {
    const advice = adviseOn(said);
    const { economics: _, ...words } = advice;
    expect({ end: advice.path.end, base: advice.decision.base }).toEqual({ end, base });
    if (layer !== undefined) expect(advice.path.layer).toBe(layer);
    const verdicts = Object.fromEntries(
      advice.scorecard.layers.map(({ target, verdict }) => [target, verdict]),
    );
    expect(verdicts).toMatchObject(layers);
    expect(JSON.stringify(words)).toContain(JSON.stringify(reason).slice(1, -1));
    if (base !== null) {
      expect(advice.scorecard.bases.find(({ target }) => target === base)?.excluded).toEqual([]);
    }
    if (!advice.decision.agree) expect(advice.decision.reason).toMatch(/\w{3}/);
  });
});
