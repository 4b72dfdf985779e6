import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { advise } from '../../src/advisor/advise.ts';
import { THIRD_PARTY } from '../../src/advisor/options.ts';
import { type Answers, type AnswerValue, createProfile } from '../../src/advisor/profile/create.ts';
import type { NumberField } from '../../src/advisor/profile/field.ts';
import { FACT_IDS, type FactId, fieldOf } from '../../src/advisor/profile/fields/index.ts';
import { toProfileFile } from '../../src/advisor/profile/file.ts';
import { changeAnswer, parseProfile } from '../../src/advisor/profile/parse.ts';
import { profileJsonSchemaText } from '../../src/advisor/profile/schema.ts';
import { figureValue } from '../../src/advisor/quantities.ts';
import { STEPS } from '../../src/advisor/roadmap/steps.ts';
import { scoreProfile } from '../../src/advisor/scorecard/scorecard.ts';
import { questionsFor } from '../../src/advisor/wizard/questions.ts';
import { commands } from '../../src/cli/index.ts';
import { exactly } from '../../src/core/interval.ts';
import { run } from '../cli/terminal.ts';

const AT = Date.parse('2026-11-25T00:00:00Z');
const RUNS = { numRuns: 40 };
const CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
const POLICIES = ['allowed', 'terms', 'forbidden'] as const;

function valueArbitrary(id: FactId): fc.Arbitrary<AnswerValue> {
  const field = fieldOf(id);
  switch (field.kind) {
    case 'choice':
      return fc.constantFrom(...Object.keys(field.options));
    case 'choices':
      return fc.subarray(Object.keys(field.options), { minLength: 1 });
    case 'flag':
      return fc.boolean();
    case 'list':
      return fc.constant(['eu']);
    case 'number': {
      const { low, high } = field.prior?.value ?? {
        low: Math.max(field.min, 0.1),
        high: Math.min(field.max, 1_000),
      };
      return fc.double({ min: Math.max(low, field.min), max: high, noNaN: true });
    }
  }
}

const answersArbitrary: fc.Arbitrary<Answers> = fc
  .record(Object.fromEntries(FACT_IDS.map((id) => [id, valueArbitrary(id)])), { requiredKeys: [] })
  .map((values) =>
    Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value, by: 'test', at: null }])),
  );

/** Fewer draws than people get: what these properties state holds for any number of them. */
const adviceOf = (answers: Answers) =>
  advise({ profile: createProfile({ task: 'any', answers }), at: AT, draws: 200 });
const scoreOf = (answers: Answers) =>
  scoreProfile(createProfile({ task: 'any', answers }), { costs: {}, seed: 1 });
const say = (answers: Answers, id: FactId, value: AnswerValue): Answers => ({
  ...answers,
  [id]: { value, by: 'test', at: null },
});
const without = (answers: Answers, id: FactId): Answers => {
  const { [id]: _, ...others } = answers;
  return others;
};

describe('properties', () => {
  test('same profile, same answer', () => {
    fc.assert(
      fc.property(answersArbitrary, (answers) => {
        expect(adviceOf(answers)).toEqual(adviceOf(answers));
      }),
      { numRuns: 4 },
    );
  });

  test('what is ruled out is never advised', () => {
    fc.assert(
      fc.property(answersArbitrary, (answers) => {
        const { decision, scorecard, proposals } = adviceOf(answers);
        const ruledOut = [...scorecard.bases, ...scorecard.layers].filter(
          ({ excluded }) => excluded.length > 0,
        );
        const advised: string[] = [...decision.layers, ...proposals.map(({ target }) => target)];
        if (decision.base) advised.push(decision.base);
        if (decision.scorecard) advised.push(decision.scorecard);
        for (const { target } of ruledOut) expect(advised).not.toContain(target);
      }),
      { numRuns: 12 },
    );
  });

  test('more sensitive data never adds a third party, nor raises its score', () => {
    const steps = [
      ['data.class', CLASSES],
      ['data.thirdParty', POLICIES],
    ] as const;
    fc.assert(
      fc.property(answersArbitrary, fc.constantFrom(...steps), fc.nat(2), (answers, [id, order], at) => {
        const [less, more] = [
          order[Math.min(at, order.length - 2)],
          order[Math.min(at, order.length - 2) + 1],
        ];
        const [before, after] = [
          scoreOf(say(answers, id, less as string)),
          scoreOf(say(answers, id, more as string)),
        ];
        for (const target of THIRD_PARTY) {
          const of = (score: typeof before) => score.bases.find((base) => base.target === target);
          if ((of(before)?.excluded.length ?? 0) > 0) expect(of(after)?.excluded).not.toEqual([]);
          expect(of(after)?.total.mid).toBeLessThanOrEqual((of(before)?.total.mid ?? 0) + 1e-9);
        }
      }),
      RUNS,
    );
  });

  test('more volume never makes self-hosting dearer per token', () => {
    fc.assert(
      fc.property(answersArbitrary, fc.integer({ min: 1_000, max: 5e7 }), (answers, calls) => {
        const at = (volume: number) =>
          figureValue(
            adviceOf(say(answers, 'volume.callsPerMonth', volume)).economics,
            'self-hosted.million-tokens',
          )?.mid ?? Number.NaN;
        expect(at(calls * 3)).toBeLessThanOrEqual(at(calls) * (1 + 1e-9));
      }),
      { numRuns: 6 },
    );
  });

  test('a higher GPU price never moves break-even down', () => {
    fc.assert(
      fc.property(answersArbitrary, fc.double({ min: 0.3, max: 8, noNaN: true }), (answers, usd) => {
        const at = (price: number) => adviceOf(say(answers, 'cost.gpuUsdPerHour', price)).economics.breakEven;
        const dear = at(usd * 2);
        for (const [index, { callsPerMonth }] of at(usd).entries()) {
          const after = dear[index]?.callsPerMonth.mid ?? Number.POSITIVE_INFINITY;
          expect(after).toBeGreaterThanOrEqual((callsPerMonth.mid ?? Number.POSITIVE_INFINITY) * (1 - 1e-9));
        }
      }),
      { numRuns: 6 },
    );
  });

  test('a number nobody states any more narrows no cost', () => {
    const numbers = ['volume.callsPerMonth', 'tokens.inputPerCall', 'cost.gpuUsdPerHour'] as const;
    const width = (answers: Answers) => {
      const { low, high } = figureValue(adviceOf(answers).economics, 'self-hosted.month') ?? exactly(1);
      return Math.log(high / low);
    };
    fc.assert(
      fc.property(answersArbitrary, fc.constantFrom(...numbers), (answers, id) => {
        const { low, mid, high } = (fieldOf(id) as NumberField).prior?.value ?? exactly(1);
        const stated = say(answers, id, mid);
        expect(low).toBeLessThan(high);
        // Within what 200 draws leave of chance.
        expect(width(without(stated, id))).toBeGreaterThanOrEqual(width(stated) * 0.9);
      }),
      { numRuns: 6 },
    );
  });

  test('a weaker team never raises self-hosting', () => {
    const weaker: [FactId, AnswerValue, AnswerValue][] = [
      ['team.ranModels', 'yes', 'some'],
      ['team.ranModels', 'some', 'no'],
      ['team.willBuild', true, false],
      ['team.onCall', true, false],
      ['team.maintainYears', 4, 1],
      ['team.maintainYears', 1, 0],
      ['team.core', 'core', 'means'],
      ['team.engineers', 40, 4],
    ];
    fc.assert(
      fc.property(answersArbitrary, fc.constantFrom(...weaker), (answers, [id, strong, weak]) => {
        const of = (value: AnswerValue) =>
          scoreOf(say(answers, id, value)).bases.find(({ target }) => target === 'self-hosted');
        expect(of(weak)?.total.mid).toBeLessThanOrEqual((of(strong)?.total.mid ?? 0) + 1e-9);
        expect(of(weak)?.excluded.length).toBeGreaterThanOrEqual(of(strong)?.excluded.length ?? 0);
      }),
      RUNS,
    );
  });

  test('taking an answer away never narrows a dimension it moves, and leaves it unknown', () => {
    const rated = FACT_IDS.filter((id) => fieldOf(id).kind !== 'number' && fieldOf(id).kind !== 'list');
    fc.assert(
      fc.property(answersArbitrary, fc.constantFrom(...rated), (answers, id) => {
        const less = createProfile({ task: 'any', answers: without(answers, id) });
        expect(less.facts[id]).toMatchObject({ value: null, confidence: 0, source: { kind: 'prior' } });
        const known = new Set<string>();
        for (const { dimensions } of scoreOf(answers).bases) {
          for (const { contributions } of dimensions) {
            for (const one of contributions)
              if (one.facts.includes(id) && one.known && one.facts.length === 1) known.add(one.rule);
          }
        }
        for (const { dimensions } of scoreOf(without(answers, id)).bases) {
          for (const one of dimensions.flatMap(({ contributions }) => contributions)) {
            if (!known.has(one.rule)) continue;
            expect(one.known).toBe(false);
            expect(one.points.low).toBeLessThan(one.points.high);
          }
        }
      }),
      RUNS,
    );
  });
});

describe('the profile file', () => {
  test('profile.schema.json is what the code reads', () => {
    expect(readFileSync('profile.schema.json', 'utf8')).toBe(profileJsonSchemaText());
  });

  test('every example is read, without a contradiction, and settles a base', () => {
    const paths = globSync('examples/profiles/*.yaml');
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const profile = createProfile(parseProfile(parse(readFileSync(path, 'utf8'))));
      expect(profile.contradictions).toEqual([]);
      expect(advise({ profile, at: AT }).decision.base).not.toBeNull();
    }
  });

  test('what is kept is read back', () => {
    const parsed = parseProfile({
      task: 'x',
      by: 'ana',
      at: '2026-11-20',
      work: { kind: 'code' },
      volume: { callsPerMonth: { low: 1, mid: 2, high: 3 } },
      data: { thirdParty: { value: 'forbidden', by: 'legal' } },
    });
    expect(parseProfile(toProfileFile(parsed, 'ana', '2026-11-20'))).toEqual(parsed);
  });

  test.each([
    [{ task: 'x', work: { knd: 'code' } }, 'work.knd: unknown key; did you mean "kind"?'],
    [{ task: 'x', data: { class: 'secret' } }, 'data.class'],
    [{ task: 'x', volume: { callsPerMonth: -4 } }, 'volume.callsPerMonth'],
    [{ task: 'x', volume: { callsPerMonth: { low: 3, mid: 2, high: 1 } } }, 'volume.callsPerMonth'],
    [{ work: {} }, 'task'],
  ])('%j is refused, naming the path', (input, message) => {
    expect(() => parseProfile(input)).toThrow(message);
  });

  test('contradictions name both fields', () => {
    const { contradictions } = createProfile(
      parseProfile({ task: 'x', data: { class: 'restricted', thirdParty: 'allowed' } }),
    );
    expect(contradictions).toMatchObject([{ fields: ['data.class', 'data.thirdParty'] }]);
    expect(contradictions[0]?.message).toContain('data.class: restricted');
    expect(contradictions[0]?.message).toContain('data.thirdParty: allowed');
  });

  test('a what-if changes one answer, and can take it away', () => {
    const parsed = parseProfile({ task: 'x', data: { class: 'public' } });
    expect(changeAnswer(parsed, 'data.class', 'restricted').answers['data.class']).toMatchObject({
      value: 'restricted',
      by: 'what-if',
    });
    expect(changeAnswer(parsed, 'data.class', 'unknown').answers).toEqual({});
    expect(
      changeAnswer(parsed, 'quality.openModelEnough', 'yes').answers['quality.openModelEnough']?.value,
    ).toBe('yes');
    expect(() => changeAnswer(parsed, 'data.clas', 'public')).toThrow('data.clas');
  });
});

test('a measurement beats a declaration, and says when they disagree', () => {
  const hourly = Array.from({ length: 24 * 14 }, (_, hour) => ({ at: hour * 3_600_000, calls: 10 }));
  const evidence = {
    task: 'x',
    from: 0,
    to: 14 * 86_400_000,
    calls: 3_360,
    importedCalls: 0,
    hourly,
    sample: [],
    byModel: [],
    errors: [],
    latency: null,
    ttft: null,
    busiestHour: [],
    repeated: null,
    personalData: null,
    prices: [],
    feedback: [],
    users: null,
  };
  const answers: Answers = { 'volume.callsPerMonth': { value: 1_000_000, by: 'ana', at: null } };
  const fact = createProfile({ task: 'x', answers, evidence }).facts['volume.callsPerMonth'];
  expect(fact.value).toBeCloseTo((3_360 / 14) * (365.25 / 12), 6);
  expect(fact.source).toMatchObject({ kind: 'measured', calls: 3_360 });
  expect(fact.overruled).toEqual({ value: 1_000_000, by: 'ana', disagrees: true });
});

test('the wizard asks about twenty questions of any profile, each with why', () => {
  fc.assert(
    fc.property(answersArbitrary, (answers) => {
      const questions = questionsFor(createProfile({ task: 'x', answers }));
      expect(questions.length).toBeGreaterThan(14);
      expect(questions.length).toBeLessThan(29);
      for (const { field } of questions) expect(field.why.length).toBeGreaterThan(20);
    }),
    RUNS,
  );
});

describe('trimtab advise', () => {
  const profile = 'examples/profiles/support-reply.yaml';

  test('answers from a file', async () => {
    const { code, out } = await run(['advise', '--profile', profile], { cwd: process.cwd() });
    expect(code).toBe(0);
    for (const part of ['Decision path', 'Options', 'Next, in Phase 2', '→ Hosted API'])
      expect(out).toContain(part);
  });

  test('what-ifs add up, and change the answer', async () => {
    const { out } = await run(
      [
        'advise',
        '--profile',
        profile,
        '--json',
        '--what-if',
        'data.class=restricted',
        '--what-if=data.thirdParty=forbidden',
      ],
      { cwd: process.cwd() },
    );
    const advice = JSON.parse(out);
    expect(advice.path.end).toBe('private-or-self-hosted');
    expect(THIRD_PARTY).not.toContain(advice.decision.base);
  });

  test('without a terminal it says what to do; a bad file is named with its line', async () => {
    const asked = await run(['advise'], { cwd: process.cwd() });
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('--profile FILE') });
    const wrong = await run(['advise', '--profile', profile, '--what-if', 'data.class=secret'], {
      cwd: process.cwd(),
    });
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('data.class') });
  });
});

test('every step starts with a command that exists', () => {
  const names = commands.map(({ name }) => name);
  const unknown = STEPS.flatMap(({ command }) =>
    command === null ? [] : [command.split(' ')[1] as string],
  ).filter((name) => !names.includes(name));
  expect([...new Set(unknown)]).toEqual([]);
});
