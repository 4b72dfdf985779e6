import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPERATIONS, operationsAt } from './operations.ts';

describe('operationsAt', () => {
  test('finds each by its path, and by no longer or shorter one', () => {
    for (const operation of OPERATIONS) {
      const path = operation.name.slice(operation.method.length + 1).replaceAll('{id}', 'file-1');
      expect(operationsAt(path)).toContain(operation);
      expect(operationsAt(`${path}/`)).toEqual([]);
      expect(operationsAt(`/x${path}`)).toEqual([]);
    }
  });

  test('names of tuned models are ids, also as clients escape them', () => {
    for (const id of ['ft:gpt-5:acme::a1', 'ft%3Agpt-5%3aacme::a1', 'claude-haiku-4.5'])
      expect(operationsAt(`/v1/models/${id}`)).not.toEqual([]);
  });

  test('no id leads out of its place', () => {
    const part = fc.constantFrom('.', '..', '/', '\\', '%2f', '%2e', '%5c', '?', '#', ' ', '\n', 'é');
    const id = fc
      .tuple(fc.array(fc.constantFrom('a', '-', '1')), part)
      .map(([before, bad]) => before.join('') + bad);
    fc.assert(
      fc.property(id, (text) => {
        const found = operationsAt(`/v1/files/${text}/content`);
        // A dot after another character is part of a name.
        if (!/^[a1-]+\.{1,2}$/.test(text)) expect(found).toEqual([]);
      }),
    );
  });
});
