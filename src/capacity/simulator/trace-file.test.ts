import { expect, test } from 'vitest';
import { parseTrace, readBuiltInTrace } from './trace-file.ts';
import { atRate, rateOf, repeated, shapeOf } from './workload.ts';

test('the Azure conversation trace has the published number of calls and sizes', () => {
  const trace = readBuiltInTrace('azure-conversation');
  const { calls, callsPerSecond, meanInputTokens, meanOutputTokens } = shapeOf(trace);
  expect(calls).toBe(19_366);
  expect(callsPerSecond).toBeCloseTo(5.53, 2);
  expect(meanInputTokens).toBeCloseTo(1154.7, 1);
  expect(meanOutputTokens).toBeCloseTo(211.1, 1);
  expect([trace.inputTokens[0], trace.outputTokens[0], trace.inputTokens[1]]).toEqual([374, 44, 396]);
});

test.each([
  [
    'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n',
    4315,
  ],
  ['at_ms,input_tokens,output_tokens\n0,374,44\n4315,396,109\n', 4315],
  ['timestamp,prompt tokens,completion tokens\n1700158546,374,44\n1700158550.5,396,109\n', 4500],
  ['time;x\n', null],
])('reads %j', (text, gapMs) => {
  if (gapMs === null) expect(() => parseTrace(text)).toThrow(/heading and at least two calls/);
  else {
    const { atMs, inputTokens, outputTokens } = parseTrace(text);
    expect([...atMs]).toEqual([0, gapMs]);
    expect([...inputTokens, ...outputTokens]).toEqual([374, 396, 44, 109]);
  }
});

test.each([
  ['at_ms,input_tokens\n0,1\n1,1\n', /no column for outputTokens/],
  ['at_ms,input_tokens,output_tokens\n0,1,1\nyesterday,1,1\n', /line 3: "yesterday" is not a moment/],
  ['at_ms,input_tokens,output_tokens\n0,1,-4\n1,1,1\n', /line 2: "-4" is not a number of tokens/],
  ['at_ms,input_tokens,output_tokens\n0,1\n1,1,1\n', /Invalid Record Length/],
])('%j is refused by name', (text, message) => {
  expect(() => parseTrace(text)).toThrow(message);
});

test('a trace keeps its rate when repeated and takes another when asked', () => {
  const trace = readBuiltInTrace('azure-conversation');
  const long = repeated(trace, 3 * 19_366);
  expect(rateOf(long)).toBeCloseTo(rateOf(trace), 1);
  expect(rateOf(atRate(long, 20))).toBeCloseTo(20, 6);
  expect(long.atMs.every((at, i) => i === 0 || at >= (long.atMs[i - 1] ?? 0))).toBe(true);
});
