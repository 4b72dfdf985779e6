/** Reading facts: values that may be unknown, and how a fact is shown. */
import type { Interval } from '../../core/interval.ts';
import type { Fact, FactSource } from '../fact.ts';
import { type FactId, type FactValue, fieldOf, type NumberId } from './fields/index.ts';
import type { Evidence, Profile } from './profile.ts';

const STAGES_BEFORE_FIT = ['idea', 'pre-mvp', 'validating'];

/** The value, or `null` when nobody knows. */
export function factValue<Id extends FactId>(profile: Profile, id: Id): FactValue<Id> | null {
  return (profile.facts[id] as Fact<FactValue<Id>>).value;
}

export function isKnown(profile: Profile, id: FactId): boolean {
  return profile.facts[id].value !== null;
}

/** What is known of a number: exact, with a spread, or its prior; `null`: not even a prior. */
export function intervalOf(profile: Profile, id: NumberId): Interval | null {
  return profile.facts[id].interval;
}

/** Before product/market fit; `null`: not known. */
export function isEarly(profile: Profile): boolean | null {
  const stage = factValue(profile, 'product.stage');
  return stage === null ? null : STAGES_BEFORE_FIT.includes(stage);
}

export function evidenceOf(profile: Profile, ids: readonly FactId[]): Evidence[] {
  return ids.map((id) => {
    const fact = profile.facts[id] as Fact<unknown>;
    const overruled = fact.overruled?.disagrees
      ? `; ${fact.overruled.by} declared ${showValue(id, fact.overruled.value)}`
      : '';
    return {
      fact: id,
      label: fieldOf(id).label,
      shown: showValue(id, fact.value),
      source: sourceOf(fact.source) + overruled,
      known: fact.value !== null,
    };
  });
}

/** A value in words: `forbidden (no third-party model may see it)`. */
export function showValue(id: FactId, value: unknown): string {
  if (value === null || value === undefined) return 'not known';
  const field = fieldOf(id);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && field.kind === 'number') {
    return field.unit === 'share' || field.unit === 'share a month'
      ? `${threeDigits(value * 100)} %${field.unit === 'share a month' ? ' a month' : ''}`
      : `${threeDigits(value)} ${field.unit}`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  const meaning = field.kind === 'choice' ? field.options[value as string] : undefined;
  return meaning === undefined ? String(value) : `${String(value)} (${meaning})`;
}

function threeDigits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

export function sourceOf(source: FactSource): string {
  switch (source.kind) {
    case 'declared':
      return `declared by ${source.by}${source.at === null ? '' : `, ${day(source.at)}`}`;
    case 'measured':
      return source.loadTest === undefined
        ? `measured over ${source.calls.toLocaleString('en-US')} calls, ${day(source.from)} to ${day(source.to)}`
        : `measured by load test ${source.loadTest} over ${source.calls.toLocaleString('en-US')} calls, ${day(source.from)}`;
    case 'published':
      return `published by ${source.by}, ${source.date}`;
    case 'prior':
      return `not known; ${source.why}`;
  }
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
