import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../core/error.ts';
import { DATA_CLASSES, type DataClass } from '../core/protocol.ts';
import { defaultAllow } from '../stack/party.ts';
import type { DataPolicy } from '../stack/stack.ts';
import { checkEgress } from './egress.ts';

function policyOf(party: DataPolicy['party'], allow: DataClass[]): DataPolicy {
  return { party, allow, regions: [], retentionDays: null, trainsOnData: null };
}

function passes(policy: DataPolicy, dataClass: DataClass): boolean {
  try {
    const pass = checkEgress({ provider: 'acme', policy, dataClass });
    return pass.dataClass === dataClass && pass.provider === 'acme';
  } catch (error) {
    expect(error).toBeInstanceOf(TrimtabError);
    expect(error).toMatchObject({ code: 'data_policy_refused', field: 'providers.acme.dataPolicy' });
    return false;
  }
}

const anyParty = fc.constantFrom<DataPolicy['party']>(null, 'own', 'private', 'third');
const anyClass = fc.constantFrom(...DATA_CLASSES);
const anyPolicy = fc
  .tuple(anyParty, fc.uniqueArray(anyClass))
  .map(([party, allow]) => policyOf(party, allow));

/** The policies `stack/` fills in when a config says only the party. */
const DEFAULTS = [
  ...([null, 'third', 'private', 'own'] as const).map((party) => policyOf(party, defaultAllow(party))),
];

describe('checkEgress', () => {
  test('an undeclared policy never passes, whatever it lists', () => {
    fc.assert(
      fc.property(anyPolicy, anyClass, (policy, dataClass) => {
        expect(passes({ ...policy, party: null }, dataClass)).toBe(false);
      }),
    );
  });

  test('passes exactly what is declared; restricted data never to a third party', () => {
    fc.assert(
      fc.property(anyPolicy, anyClass, (policy, dataClass) => {
        const declared = policy.party !== null && policy.allow.includes(dataClass);
        const keptHome = dataClass !== 'restricted' || policy.party !== 'third';
        expect(passes(policy, dataClass)).toBe(declared && keptHome);
      }),
    );
  });

  test('by default, more sensitive data never passes where less sensitive data was refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DEFAULTS), anyClass, anyClass, (policy, a, b) => {
        const [less, more] = DATA_CLASSES.indexOf(a) <= DATA_CLASSES.indexOf(b) ? [a, b] : [b, a];
        if (passes(policy, more)) expect(passes(policy, less)).toBe(true);
      }),
    );
  });

  test('a private deployment is sent all but restricted data, and that where its policy lists it', () => {
    const byDefault = policyOf('private', defaultAllow('private'));
    expect(DATA_CLASSES.filter((dataClass) => passes(byDefault, dataClass))).toEqual([
      'public',
      'internal',
      'confidential',
    ]);
    expect(passes(policyOf('private', ['restricted']), 'restricted')).toBe(true);
    expect(passes(policyOf('third', ['restricted']), 'restricted')).toBe(false);
  });

  test('names provider, class and what to declare', () => {
    const ask = (policy: DataPolicy, dataClass: DataClass) => () =>
      checkEgress({ provider: 'acme', policy, dataClass });
    expect(ask(policyOf(null, []), 'public')).toThrow(
      'Provider "acme" has no declared data policy, so it may not be sent public data. Declare `providers.acme.dataPolicy.party`: "own", "private" or "third".',
    );
    expect(ask(policyOf('third', ['public', 'internal']), 'confidential')).toThrow(
      'Provider "acme" may not be sent confidential data: its data policy allows public, internal. Add "confidential" to `providers.acme.dataPolicy.allow` if it may.',
    );
    expect(ask(policyOf('third', ['restricted']), 'restricted')).toThrow(/is a third party; restricted data/);
    expect(ask(policyOf('own', []), 'public')).toThrow(/allows nothing/);
  });
});
