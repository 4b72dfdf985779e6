import { expect, test } from 'vitest';
import { exactly } from '../../core/interval.ts';
import { advise } from '../advise.ts';
import { createProfile } from '../profile/create.ts';
import { figureValue } from '../quantities.ts';
import { SLIDER_IDS, sliderOf, withSliders } from './sliders.ts';

const AT = Date.UTC(2026, 10, 25);
const at = null;
const profile = createProfile({
  task: 'x',
  answers: {
    'volume.callsPerMonth': { value: 2_000_000, by: 'a test', at },
    'volume.growthPerMonth': { value: 0.02, by: 'a test', at },
    'volume.peakToMean': { value: 4, by: 'a test', at },
  },
});
const advice = advise({ profile, at: AT, draws: 200 });
const { economics } = advice;
const moved = (values: Parameters<typeof withSliders>[1]) => {
  const supposed = withSliders(profile, values, economics);
  return { supposed, ...advise({ profile: supposed, at: AT, draws: 200 }) };
};
const monthOf = (one: typeof economics) => figureValue(one, 'self-hosted.month')?.mid ?? Number.NaN;

test.each(SLIDER_IDS)('%s starts at what is known and comes back to every place', (id) => {
  const slider = sliderOf(id, economics);
  expect(slider).not.toBeNull();
  for (const place of [0, 37, 100]) expect(slider?.toPlace(slider.fromPlace(place))).toBeCloseTo(place, 6);
  expect(slider?.words(slider.now)).toMatch(/\d/);
});

test('a slider left where it stands changes no number', () => {
  expect(withSliders(profile, {}, economics)).toEqual(profile);
});

test('growth moves the fact that the scorecard reads as well', () => {
  const { supposed, scorecard } = moved({ growth: 0.3 });
  expect(supposed.facts['volume.growthPerMonth']).toMatchObject({ value: 0.3, interval: exactly(0.3) });
  const rules = scorecard.bases.flatMap(({ dimensions }) =>
    dimensions.flatMap(({ contributions }) => contributions.map(({ rule }) => rule)),
  );
  expect(rules).toContain('cost.growth');
});

test('prices and people move the self-hosted bill, and utilisation buys fewer machines', () => {
  const now = monthOf(economics);
  expect(monthOf(moved({ 'gpu-price': 16 }).economics)).toBeGreaterThan(now);
  expect(monthOf(moved({ 'people-cost': 25_000 }).economics)).toBeLessThan(now);
  const replicas = (value: number) =>
    figureValue(moved({ utilisation: value }).economics, 'self-hosted.replicas')?.mid ?? Number.NaN;
  expect(replicas(1)).toBeLessThan(replicas(0.5));
  expect(replicas(0.5)).toBeLessThan(replicas(0.25));
});

test('even traffic leaves no idle capacity to speak of', () => {
  const even = createProfile({ task: 'x', answers: { 'volume.peakToMean': { value: 1, by: 'a test', at } } });
  expect(sliderOf('utilisation', advise({ profile: even, at: AT, draws: 50 }).economics)).toBeNull();
});
