/** Volume, tokens and API prices. */
import { between, type Prior } from './prior.ts';

export const VOLUME = {
  'volume.calls-per-month': {
    label: 'Calls a month today',
    unit: 'calls/month',
    value: between(1_000, 30_000, 1_000_000),
    why: 'Nothing is known of the traffic: from a pilot of a team to a feature of a product.',
    range: [100, 1e10],
  },
  'volume.growth-per-month': {
    label: 'Growth of calls a month',
    unit: 'share/month',
    value: between(-0.03, 0.04, 0.15),
    why: 'Judgement: from slow decline to trebling in eight months.',
    range: [-0.3, 1],
  },
  'volume.shock-per-month': {
    label: 'Random change of the level from month to month',
    unit: 'share',
    value: between(0.05, 0.12, 0.3),
    why: 'Judgement; measured from the first weeks of traffic on.',
    range: [0, 1],
  },
  'volume.noise-per-month': {
    label: 'Scatter of a single month about its level',
    unit: 'share',
    value: between(0.01, 0.02, 0.06),
    why: 'Judgement; measured from the first weeks of traffic on.',
    range: [0, 1],
  },
  'volume.peak-to-mean': {
    label: 'Peak rate over mean rate',
    unit: 'ratio',
    value: between(2, 4, 10),
    why: 'Office hours alone (a third of the day, five days of seven) give 4; a feature used around the clock 2; a campaign 10.',
    range: [1, 50],
  },
} as const satisfies Record<string, Prior>;

export const MIX = {
  'mix.input-tokens': {
    label: 'Input tokens a call',
    unit: 'tokens',
    value: between(300, 1_100, 6_000),
    why: 'Azure conversation trace 2023 has a mean of 1,155; retrieval and long documents reach several thousand.',
    range: [10, 1_000_000],
  },
  'mix.output-tokens': {
    label: 'Output tokens a call',
    unit: 'tokens',
    value: between(50, 210, 800),
    why: 'Azure conversation trace 2023 has a mean of 211; labels take a few, reasoning and drafts many.',
    range: [1, 100_000],
  },
} as const satisfies Record<string, Prior>;

export const API = {
  'api.usd-per-million-input': {
    label: 'Price of a million input tokens',
    unit: 'USD/million tokens',
    value: between(0.1, 0.8, 3),
    why: 'From small to large hosted models in the price table.',
    range: [0.01, 100],
  },
  'api.usd-per-million-output': {
    label: 'Price of a million output tokens',
    unit: 'USD/million tokens',
    value: between(0.4, 4, 15),
    why: 'From small to large hosted models in the price table.',
    range: [0.01, 500],
  },
  'api.price-change-per-year': {
    label: 'Change of the API price a year',
    unit: 'share/year',
    value: between(-0.5, -0.15, 0),
    why: 'Judgement: list prices of one model rarely move, its successor of the same capability costs less.',
    range: [-0.9, 0.5],
  },
  'private.premium': {
    label: 'Price of private deployment over the public API',
    unit: 'ratio',
    value: between(1, 1.1, 1.5),
    why: 'Judgement: clouds list proprietary models at the price of the maker, or regional processing at 10 % more.',
    range: [1, 5],
  },
  'private.usd-per-month': {
    label: 'Fixed cost of a private deployment',
    unit: 'USD/month',
    value: between(50, 500, 5_000),
    why: 'Judgement: private endpoints, keys and logs, up to the smallest reserved capacity.',
    range: [0, 1_000_000],
  },
} as const satisfies Record<string, Prior>;
