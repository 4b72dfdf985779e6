import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { advise } from '../advise.ts';
import { createProfile } from '../profile/create.ts';
import type { ParsedProfile } from '../profile/file.ts';
import { changeAnswer, parseProfile } from '../profile/parse.ts';
import { formatVolume, formatWhen } from './number.ts';
import { renderReport } from './report.ts';

const AT = Date.UTC(2026, 10, 25);
const PROFILE = parseProfile(
  parse(readFileSync(new URL('../../../examples/profiles/support-reply.yaml', import.meta.url), 'utf8')),
);
const of = (profile: ParsedProfile) => advise({ profile: createProfile(profile), at: AT });
const advice = of(PROFILE);
const report = renderReport([{ name: 'advice', advice }], 'html');
const VARIANTS = [
  { name: 'as it is', advice },
  ...[
    ['data.class', 'restricted'],
    ['volume.callsPerMonth', '4e6'],
    ['team.ranModels', 'no'],
  ].map(([key, value]) => ({
    name: `${key}=${value}`,
    advice: of(changeAnswer(PROFILE, key as string, value as string)),
  })),
];

describe('the HTML report', () => {
  test('states the finding and stands alone: no script, no address', () => {
    expect(report).toContain(`<h1>${advice.finding}</h1>`);
    expect(report).not.toMatch(/<script|https?:\/\/|<link|src=/);
  });

  test('every link leads to something in the report, and every figure is linked to what it came from', () => {
    const ids = new Set([...report.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...report.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    for (const { id, inputs } of advice.economics.figures) {
      expect(ids.has(`figure-${id}`)).toBe(true);
      expect(inputs.length, id).toBeGreaterThan(0);
    }
  });

  test('the taken branch of each visited question is lit', () => {
    expect([...report.matchAll(/branch taken/g)]).toHaveLength(
      advice.path.steps.filter(({ answer }) => answer !== 'unknown').length,
    );
  });

  test('the chart has a band for each option that is left, and a table behind it', () => {
    const left = advice.scorecard.bases.filter(({ excluded }) => excluded.length === 0);
    expect([...report.matchAll(/class="band"/g)]).toHaveLength(left.length);
    expect(report).toContain('The figures of the chart');
    expect(report).not.toMatch(/points="[^"]*NaN/);
  });

  test('what people wrote stays text', () => {
    const nasty = '<img src=x onerror=alert(1)>"\'&';
    const text = renderReport([{ name: nasty, advice: of({ ...PROFILE, task: nasty }) }], 'html');
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  });
});

describe('reports side by side', () => {
  test('say what differs and why', () => {
    const text = renderReport(VARIANTS, 'md');
    expect(text).toMatch(
      /\*\*data\.class=restricted\*\*: .*third-party model strictly forbidden.*answered yes/,
    );
    const facts = text.slice(text.indexOf('## Facts that differ'), text.indexOf('---\n\n**'));
    expect(facts).toContain('Data class');
    expect(facts).toContain('Has run models');
    expect(facts).not.toContain('Kind of work');
  });

  test('in HTML no anchor stands twice', () => {
    const ids = [...renderReport(VARIANTS, 'html').matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('JSON is the advice itself', () => {
    expect(JSON.parse(renderReport([{ name: 'advice', advice }], 'json'))).toMatchObject({
      task: 'support-reply',
    });
    expect(JSON.parse(renderReport(VARIANTS, 'json'))).toHaveLength(4);
  });

  test('no advice is a mistake', () => {
    expect(() => renderReport([], 'md')).toThrow(RangeError);
  });
});

test('open ends are said in words', () => {
  expect(formatVolume({ low: 100_000, mid: 200_000, high: 400_000 })).toBe(
    '100,000 to 400,000 calls a month',
  );
  expect(formatVolume({ low: 100_000, mid: null, high: null })).toBe(
    'from 100,000 calls a month up, or never',
  );
  expect(formatVolume({ low: null, mid: null, high: null })).toBe('at no volume that was looked at');
  expect(formatVolume({ low: 0, mid: 0, high: 0 })).toBe('at every volume');
  expect(formatWhen({ low: 2, mid: 5, high: null }, AT)).toBe(
    'Apr 2027 (Jan 2027 to never within three years)',
  );
  expect(formatWhen({ low: null, mid: null, high: null }, AT)).toBe('not within three years');
});
