import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../../src/core/error.ts';
import { type ConfigPath, formatPath, parsePath } from '../../src/stack/config-path.ts';
import { diffStacks } from '../../src/stack/diff.ts';
import { nearest } from '../../src/stack/nearest.ts';
import { parseStack } from '../../src/stack/parse.ts';
import { canonicalJson, createRevision } from '../../src/stack/revision.ts';
import { stackSchema } from '../../src/stack/schema.ts';
import { testCatalog, testPolicies } from './catalog.ts';

const options = { catalog: testCatalog, policies: testPolicies };

/** The same value with the members of every object in another order. */
function reorder(value: unknown, flip: () => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => reorder(item, flip));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, reorder(member, flip)] as const);
  return Object.fromEntries(flip() ? entries.reverse() : entries.sort(() => (flip() ? 1 : -1)));
}

describe('canonicalJson', () => {
  test('does not depend on the order of members, and loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.infiniteStream(fc.boolean()), (value, flips) => {
        const other = reorder(value, () => flips.next().value as boolean);
        expect(canonicalJson(other)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('a revision is named by its content alone', () => {
    const a = parseStack({ providers: { acme: {}, basalt: {} } }, options);
    const b = parseStack({ providers: { basalt: {}, acme: {} } }, options);
    const c = parseStack({ providers: { acme: {} } }, options);
    const id = (stack: typeof a, now: number) =>
      createRevision(stack, { source: 'api', origin: 'test', now }).id;
    expect(id(a, 1)).toMatch(/^rev_[0-9a-f]{16}$/);
    expect(id(b, 2)).toBe(id(a, 1));
    expect(id(c, 1)).not.toBe(id(a, 1));
  });
});

const names = fc.constantFrom(
  'acme',
  'a',
  'mini',
  'x/y',
  'acme/m',
  'sandbox/small',
  't',
  'untasked',
  '__proto__',
  'constructor',
  '',
);
const anyOf = (...good: unknown[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.anything() });
const config = fc.record(
  {
    providers: fc.oneof(
      fc.anything(),
      fc.dictionary(
        names,
        fc.record(
          {
            type: anyOf('acme', 'hosted', 'generic', 'sandbox'),
            baseUrl: anyOf('http://h/v1', 'nonsense'),
            apiKey: anyOf({ env: 'X' }, { file: '/x' }, null),
            headers: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.string())),
            dataPolicy: anyOf({ party: 'own' }, { party: 'third', allow: ['restricted'] }),
            options: anyOf({}, { a: 1 }),
          },
          { requiredKeys: [] },
        ),
      ),
    ),
    deployments: fc.oneof(
      fc.anything(),
      fc.dictionary(
        names,
        fc.record(
          { provider: anyOf('acme', 'sandbox'), model: anyOf('m', 'y'), price: anyOf({ usdPerHour: 1 }) },
          { requiredKeys: [] },
        ),
      ),
    ),
    tasks: fc.oneof(
      fc.anything(),
      fc.dictionary(
        names,
        fc.record({ route: fc.oneof(names, fc.array(names), fc.anything()) }, { requiredKeys: [] }),
      ),
    ),
    gateway: anyOf(undefined, null, {}, { timeouts: { idleMs: 5 } }),
  },
  { requiredKeys: [] },
);

describe('parseStack', () => {
  test('gives a stack or a TrimtabError, whatever it is fed', () => {
    let accepted = 0;
    const feed = (input: unknown) => {
      try {
        const stack = parseStack(input, options);
        expect(Object.keys(stack.providers)).toContain('sandbox');
        for (const task of Object.values(stack.tasks)) {
          for (const { deployment } of task.route.targets) {
            const { provider } = stack.deployments[deployment] ?? {};
            expect(Object.keys(stack.providers)).toContain(provider);
          }
        }
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(TrimtabError);
        expect((error as TrimtabError).code).toBe('config_invalid');
        expect((error as TrimtabError).field).not.toBe('');
      }
    };
    fc.assert(fc.property(config, feed), { numRuns: 2_000 });
    fc.assert(fc.property(fc.anything(), feed), { numRuns: 500 });
    expect(accepted).toBeGreaterThan(10);
  });

  test('a stack written back as a config is the same stack', () => {
    const stack = parseStack(
      {
        providers: { acme: {} },
        tasks: { t: { route: { targets: [{ deployment: 'acme/m', weight: 2 }, 'sandbox/small'] } } },
      },
      options,
    );
    expect(parseStack(JSON.parse(JSON.stringify(stack)), options)).toEqual(stack);
  });
});

describe('typos', () => {
  const sections = Object.keys(stackSchema.shape).filter((key) => key !== '$schema');
  /** A name with one or two letters left out, put in, or changed. */
  const typo = fc
    .tuple(
      fc.constantFrom(...sections, 'apiKey', 'dataPolicy', 'usdPerHour'),
      fc.array(
        fc.record({
          at: fc.nat(),
          kind: fc.constantFrom('drop', 'add', 'change'),
          letter: fc.constantFrom(...'abexyz_'),
        }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
    )
    .map(([name, edits]) =>
      edits.reduce((text, { at, kind, letter }) => {
        const i = at % text.length;
        if (kind === 'drop') return text.slice(0, i) + text.slice(i + 1);
        return text.slice(0, i) + letter + text.slice(kind === 'add' ? i : i + 1);
      }, name),
    );

  test('within two edits of a known name get a suggestion that near', () => {
    const known = [...sections, 'apiKey', 'dataPolicy', 'usdPerHour'];
    fc.assert(
      fc.property(typo, (written) => {
        fc.pre(!known.includes(written));
        const found = nearest(written, known);
        expect(found).toBeDefined();
        const near = Math.min(...known.map((name) => distance(written, name)));
        expect(distance(written.toLowerCase(), (found as string).toLowerCase())).toBeLessThanOrEqual(near);
      }),
    );
  });

  test('of a section are answered with that section', () => {
    expect(() => parseStack({ retenton: {} }, options)).toThrow('did you mean "retention"?');
  });
});

describe('paths', () => {
  test('survive being written and read', () => {
    const path = fc.array(fc.oneof(fc.string(), fc.nat()), { minLength: 1 });
    fc.assert(
      fc.property(path, (parts) => {
        expect(parsePath(formatPath(parts))).toEqual(parts);
      }),
    );
  });

  test('read as people write them', () => {
    expect(formatPath(['deployments', 'openai/gpt-5', 'targets', 0])).toBe(
      'deployments["openai/gpt-5"].targets[0]',
    );
    expect(parsePath('a..b')).toBeUndefined();
  });
});

/** Applies a diff the way a reader would: takes away what was there, puts what is there now. */
function apply(root: unknown, changes: ReturnType<typeof diffStacks>): unknown {
  const leaves = new Map<string, { path: ConfigPath; value: unknown }>();
  const collect = (value: unknown, path: ConfigPath): void => {
    const entries: [string | number, unknown][] = Array.isArray(value)
      ? value.map((item, index) => [index, item])
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
        : [];
    if (entries.length === 0) leaves.set(formatPath(path), { path, value });
    for (const [key, item] of entries) collect(item, [...path, key]);
  };
  collect(root, []);
  for (const change of changes) {
    const path = parsePath(change.path) as ConfigPath;
    if ('before' in change) expect(leaves.get(change.path)?.value).toEqual(change.before);
    if ('after' in change) leaves.set(change.path, { path, value: change.after });
    else leaves.delete(change.path);
  }
  return new Map([...leaves].map(([key, { value }]) => [key, value]));
}

describe('diffStacks', () => {
  test('applied gives the target; of equals it is empty', () => {
    const key = fc.constantFrom('a', 'b', 'c/d', 'e f');
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 0, 1, '', 'x'),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(key, tie('node'), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, value, (from, to) => {
        const changes = diffStacks(from, to);
        expect(apply(from, changes)).toEqual(apply(to, []));
        expect(diffStacks(to, structuredClone(to))).toEqual([]);
        if (canonicalJson(from) !== canonicalJson(to)) expect(changes).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('names each leaf, in path order', () => {
    const from = { tasks: { t: { route: { targets: ['a', 'b'] } } }, n: 1 };
    const to = { tasks: { t: { route: { targets: ['a', 'c', 'd'] } }, u: {} }, n: 1 };
    expect(diffStacks(from, to)).toEqual([
      { path: 'tasks.t.route.targets[1]', before: 'b', after: 'c' },
      { path: 'tasks.t.route.targets[2]', after: 'd' },
      { path: 'tasks.u', after: {} },
    ]);
  });
});
