/**
 * What a fact of a profile is before anyone has stated it: its kind, what it means, why it is asked. The list of fields
 * (`fields/`) makes the file's schema, both wizards, the docs and the types, so a question stands in one place.
 */
import type { Interval } from '../../core/interval.ts';
import { priorOf, type QuantityId } from '../economics/quantity.ts';

interface FieldText {
  /** `Calls a month` */
  label: string;
  /** The question, as a person is asked it. */
  question: string;
  /** What its answer decides. */
  why: string;
}

export interface ChoiceField<Option extends string = string> extends FieldText {
  kind: 'choice';
  /** Value -> what it means. */
  options: Readonly<Record<Option, string>>;
}

export interface ChoicesField<Option extends string = string> extends FieldText {
  kind: 'choices';
  options: Readonly<Record<Option, string>>;
}

export interface FlagField extends FieldText {
  kind: 'flag';
}

export interface ListField extends FieldText {
  kind: 'list';
  /** `eu` */
  example: string;
}

export interface NumberField extends FieldText {
  kind: 'number';
  unit: string;
  min: number;
  max: number;
  /** Stands for it when nobody knows; `null`: nothing can. */
  prior: { value: Interval; why: string } | null;
  /** The economics takes it under this name. */
  quantity: QuantityId | null;
  /** A plain declared number holds within this factor, both ways (80 %); 1: exactly. */
  slack: number;
}

export type Field = ChoiceField | ChoicesField | FlagField | ListField | NumberField;

export function choice<const Option extends string>(
  field: Omit<ChoiceField<Option>, 'kind'>,
): ChoiceField<Option> {
  return { kind: 'choice', ...field };
}

export function choices<const Option extends string>(
  field: Omit<ChoicesField<Option>, 'kind'>,
): ChoicesField<Option> {
  return { kind: 'choices', ...field };
}

export function flag(field: Omit<FlagField, 'kind'>): FlagField {
  return { kind: 'flag', ...field };
}

export function list(field: Omit<ListField, 'kind'>): ListField {
  return { kind: 'list', ...field };
}

type NumberInput = FieldText & {
  unit: string;
  min?: number;
  max: number;
  prior?: readonly [low: number, mid: number, high: number];
  priorWhy?: string;
  quantity?: QuantityId;
  slack?: number;
};

/** A number. With `quantity` its prior is the economics' own. Default slack 1.25. */
export function number(field: NumberInput): NumberField {
  const { prior, priorWhy, quantity, min = 0, slack = 1.25, ...rest } = field;
  return { kind: 'number', ...rest, min, slack, quantity: quantity ?? null, prior: toPrior(field) };
}

function toPrior({ prior, priorWhy, quantity }: NumberInput): NumberField['prior'] {
  if (quantity) {
    const { value, why } = priorOf(quantity);
    return { value, why };
  }
  if (!prior) return null;
  const [low, mid, high] = prior;
  return { value: { low, mid, high }, why: priorWhy ?? 'Judgement: the range seen in teams of every size.' };
}

/** The type of a field's value. */
export type ValueOf<F extends Field> =
  F extends ChoiceField<infer Option>
    ? Option
    : F extends ChoicesField<infer Option>
      ? Option[]
      : F extends FlagField
        ? boolean
        : F extends ListField
          ? string[]
          : number;
