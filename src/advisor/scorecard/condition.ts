/** Conditions on facts, as data. They answer yes, no or unknown: what nobody knows decides nothing. */
import type { ChoiceField, ChoicesField, FlagField } from '../profile/field.ts';
import type { FactId, FIELDS, NumberId } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';

type Kind<F> = { [Id in FactId]: (typeof FIELDS)[Id] extends F ? Id : never }[FactId];
type ChoiceId = Kind<ChoiceField>;
type ChoicesId = Kind<ChoicesField>;
type FlagId = Kind<FlagField>;
type OptionOf<Id extends FactId> = (typeof FIELDS)[Id] extends
  | ChoiceField<infer Option>
  | ChoicesField<infer Option>
  ? Option
  : never;

export type Condition =
  | { test: 'is'; fact: FactId; values: readonly string[] }
  | { test: 'has'; fact: FactId; values: readonly string[] }
  | { test: 'flag'; fact: FactId; value: boolean }
  | { test: 'over'; fact: FactId; limit: number }
  | { test: 'all' | 'any'; of: readonly Condition[] }
  | { test: 'not'; of: readonly [Condition] };

/** One of these values. */
export function is<Id extends ChoiceId>(fact: Id, ...values: OptionOf<Id>[]): Condition {
  return { test: 'is', fact, values };
}

/** At least one of these among the values. */
export function has<Id extends ChoicesId>(fact: Id, ...values: OptionOf<Id>[]): Condition {
  return { test: 'has', fact, values };
}

export function flagged(fact: FlagId, value = true): Condition {
  return { test: 'flag', fact, value };
}

/** More than `limit`. */
export function over(fact: NumberId, limit: number): Condition {
  return { test: 'over', fact, limit };
}

export function all(...of: Condition[]): Condition {
  return { test: 'all', of };
}

export function any(...of: Condition[]): Condition {
  return { test: 'any', of };
}

export function not(of: Condition): Condition {
  return { test: 'not', of: [of] };
}

/** `null`: a fact it hangs on is not known, and would decide. */
export function holds(condition: Condition, profile: Profile): boolean | null {
  switch (condition.test) {
    case 'all': {
      const parts = condition.of.map((one) => holds(one, profile));
      return parts.includes(false) ? false : parts.includes(null) ? null : true;
    }
    case 'any': {
      const parts = condition.of.map((one) => holds(one, profile));
      return parts.includes(true) ? true : parts.includes(null) ? null : false;
    }
    case 'not': {
      const inner = holds(condition.of[0], profile);
      return inner === null ? null : !inner;
    }
    default:
      return holdsFor(condition, profile.facts[condition.fact].value);
  }
}

function holdsFor(
  condition: Extract<Condition, { fact: FactId }>,
  value: string | string[] | boolean | number | null,
): boolean | null {
  if (value === null) return null;
  switch (condition.test) {
    case 'is':
      return typeof value === 'string' && condition.values.includes(value);
    case 'has':
      return Array.isArray(value) && value.some((one) => condition.values.includes(one));
    case 'flag':
      return value === condition.value;
    case 'over':
      return typeof value === 'number' && value > condition.limit;
  }
}

/** Every fact a condition reads. */
export function factsOf(condition: Condition): FactId[] {
  if ('fact' in condition) return [condition.fact];
  return [...new Set(condition.of.flatMap(factsOf))];
}

/** A condition in words, for the docs: `work.difficulty is hard`. */
export function describeCondition(condition: Condition): string {
  switch (condition.test) {
    case 'is':
      return `${condition.fact} is ${condition.values.join(' or ')}`;
    case 'has':
      return `${condition.fact} holds ${condition.values.join(' or ')}`;
    case 'flag':
      return `${condition.fact} is ${condition.value ? 'yes' : 'no'}`;
    case 'over':
      return `${condition.fact} over ${condition.limit.toLocaleString('en-US')}`;
    case 'not':
      return `not (${describeCondition(condition.of[0])})`;
    case 'all':
    case 'any':
      return condition.of
        .map((one) => ('of' in one ? `(${describeCondition(one)})` : describeCondition(one)))
        .join(condition.test === 'all' ? ' and ' : ' or ');
  }
}
