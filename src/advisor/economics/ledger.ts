/** Turns quantities into draws and draws into figures, and keeps the record of both. */
import type { Interval } from '../../core/interval.ts';
import { type Draws, intervalOf, spread } from './draws.ts';
import type { Figure } from './economics.ts';
import { priorOf, priorQuantity, type Quantity, type QuantityId } from './quantity.ts';

export type Vector = Float64Array;

export interface Ledger {
  readonly draws: Draws;
  /** Draws of a quantity; unknown ones are drawn from their prior. */
  of(id: QuantityId): Vector;
  knows(id: QuantityId): boolean;
  /** Writes a figure down and returns its id. */
  write(figure: Omit<Figure, 'value'>, values: Vector): string;
  readonly figures: Figure[];
  /** Used so far. */
  readonly quantities: Quantity[];
}

export function createLedger(known: readonly Quantity[], draws: Draws): Ledger {
  const given = new Map(known.map((quantity) => [quantity.id, quantity]));
  const drawn = new Map<QuantityId, Vector>();
  const figures: Figure[] = [];
  const quantities: Quantity[] = [];
  return {
    draws,
    figures,
    quantities,
    knows: (id) => given.has(id),
    of(id) {
      const found = drawn.get(id);
      if (found) return found;
      const quantity = given.get(id) ?? priorQuantity(id);
      const values = spread(checked(quantity), priorOf(id).unit, draws.normal(id));
      drawn.set(id, values);
      quantities.push(quantity);
      return values;
    },
    write(figure, values) {
      figures.push({ ...figure, value: intervalOf(values) });
      return figure.id;
    },
  };
}

function checked({ id, value }: Quantity): Interval {
  const { low, mid, high } = value;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= mid && mid <= high)) {
    throw new RangeError(`${id}: low <= mid <= high must hold and be finite; got ${low}, ${mid}, ${high}.`);
  }
  return value;
}

/** Draw by draw. Two to four vectors, nearly all there are, take a straight loop: a list for each draw is dear. */
export function combine(vectors: readonly Vector[], formula: (...values: number[]) => number): Vector {
  const [a = new Float64Array(), b, c, d] = vectors;
  const result = new Float64Array(a.length);
  const one = (vector: Vector, draw: number): number => vector[draw] as number;
  if (b && vectors.length === 2)
    for (let i = 0; i < result.length; i++) result[i] = formula(one(a, i), one(b, i));
  else if (b && c && vectors.length === 3)
    for (let i = 0; i < result.length; i++) result[i] = formula(one(a, i), one(b, i), one(c, i));
  else if (b && c && d && vectors.length === 4)
    for (let i = 0; i < result.length; i++) result[i] = formula(one(a, i), one(b, i), one(c, i), one(d, i));
  else {
    const values = new Array<number>(vectors.length).fill(0);
    for (let i = 0; i < result.length; i++) {
      for (const [place, vector] of vectors.entries()) values[place] = vector[i] as number;
      result[i] = formula(...values);
    }
  }
  return result;
}

export function constant(like: Vector, value: number): Vector {
  return new Float64Array(like.length).fill(value);
}
