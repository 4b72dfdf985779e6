import { expect, test } from 'vitest';
import type { TaskEvidence } from '../evidence.ts';
import { createProfile } from './create.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 7, 3);

/** Calls an hour by week. */
function evidenceOf(weeks: readonly number[], extraHours = 0): TaskEvidence {
  const hours = [
    ...weeks.flatMap((calls) => Array<number>(168).fill(calls)),
    ...Array<number>(extraHours).fill(1),
  ];
  return {
    task: 'reply',
    from: START,
    to: START + hours.length * HOUR,
    calls: hours.reduce((sum, calls) => sum + calls, 0),
    importedCalls: 0,
    hourly: hours.map((calls, index) => ({ at: START + index * HOUR, calls })),
    sample: [],
    byModel: [],
    errors: [],
    latency: null,
    ttft: null,
    busiestHour: [],
    repeated: null,
    personalData: null,
    prices: [],
    feedback: [],
    users: null,
  };
}

const growthOf = (evidence: TaskEvidence) =>
  createProfile({ task: 'reply', answers: {}, evidence }).facts['volume.growthPerMonth'];

test('a month of calls is no trend; what was declared stands', () => {
  expect(growthOf(evidenceOf([10, 20, 30, 60])).source.kind).toBe('prior');
});

test('a week that is cut off is not read as a fall', () => {
  const steady = growthOf(evidenceOf(Array<number>(10).fill(50), 30));
  expect(steady.source.kind).toBe('measured');
  expect(steady.interval?.mid).toBeCloseTo(0);
});

test('steady growth is found', () => {
  const weekly = 1.02;
  const { interval } = growthOf(evidenceOf(Array.from({ length: 12 }, (_, week) => 1000 * weekly ** week)));
  expect(interval?.mid).toBeCloseTo(weekly ** (365.25 / 12 / 7) - 1, 3);
});

test('what is supposed stands before what was measured', () => {
  const answers = { 'volume.callsPerMonth': { value: 5_000_000, by: 'what if', at: null } };
  const evidence = evidenceOf([10, 10]);
  const volumeOf = (supposed: string[]) =>
    createProfile({ task: 'reply', answers, evidence, supposed }).facts['volume.callsPerMonth'];
  expect(volumeOf([]).source.kind).toBe('measured');
  expect(volumeOf(['volume.callsPerMonth'])).toMatchObject({ value: 5_000_000, overruled: null });
});
