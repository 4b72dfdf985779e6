import { describe, expect, test } from 'vitest';
import { FEATURES, onlyFeatures, toFeatures } from './features.ts';

describe('toFeatures', () => {
  test('what neither list names is not known', () => {
    expect(toFeatures('tools  seed', 'logprobs')).toEqual({ tools: true, seed: true, logprobs: false });
  });

  test('refuses names it does not know, and a name that stands twice', () => {
    expect(() => toFeatures('tools toolz')).toThrow('toolz');
    expect(() => toFeatures('tools', 'tools')).toThrow('twice');
  });
});

test('a translation claims everything or refuses it', () => {
  const features = onlyFeatures('tools');
  expect(Object.keys(features).sort()).toEqual(Object.keys(FEATURES).sort());
  expect(Object.values(features).filter(Boolean)).toHaveLength(1);
});
