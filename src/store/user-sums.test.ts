import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIGURE_COLUMNS } from './schema.ts';
import { addUserSums, decodeUserSums, encodeUserSums, positionOf, type UserFigures } from './user-sums.ts';

const figure = fc.oneof(
  fc.constant(0),
  fc.nat(300),
  fc.nat(70_000),
  fc.maxSafeNat(),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constant(2 ** 60),
  fc.constant(-3),
);
const figures = fc
  .array(figure, { minLength: FIGURE_COLUMNS.length, maxLength: FIGURE_COLUMNS.length })
  .map((values) => Float64Array.from(values));
const users = fc
  .uniqueArray(fc.tuple(fc.nat(2 ** 33), figures), { selector: ([id]) => id, maxLength: 30 })
  .map((entries) => new Map<number, UserFigures>(entries));

test('sums come back as they were, from bytes at any offset', () => {
  fc.assert(
    fc.property(users, fc.nat(9), (sums, offset) => {
      const body = encodeUserSums(sums);
      const shifted = new Uint8Array(offset + body.length);
      shifted.set(body, offset);
      const decoded = decodeUserSums(shifted.subarray(offset));
      expect([...decoded.users]).toEqual([...sums.keys()].sort((a, b) => a - b));
      const back = new Map<number, UserFigures>();
      addUserSums(back, decoded);
      for (const [id, values] of sums) {
        expect(back.get(id)).toEqual(values.map((value) => value + 0));
        expect(decoded.users[positionOf(decoded, id)]).toBe(id);
      }
    }),
  );
});

test('a user who is not there has no position', () => {
  const decoded = decodeUserSums(encodeUserSums(new Map([[5, new Float64Array(FIGURE_COLUMNS.length)]])));
  for (const id of [0, 4, 6]) expect(positionOf(decoded, id)).toBe(-1);
  expect(positionOf(decodeUserSums(encodeUserSums(new Map())), 1)).toBe(-1);
});
