/** Advice over the control API, on a real store. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AdviceAnswer, AdviceListAnswer, EvidenceAnswer } from '../../src/control/api-types.ts';
import { type ControlFixture, openControl, STACK } from './control-fixture.ts';

const PROFILE = parse(
  readFileSync(new URL('../../examples/profiles/support-reply.yaml', import.meta.url), 'utf8'),
) as Record<string, unknown>;
let fixture: ControlFixture;
beforeAll(async () => {
  fixture = await openControl({ config: STACK });
});
afterAll(() => fixture[Symbol.asyncDispose]());

test('a task without a profile is told how to get one; one without calls has no evidence', async () => {
  const answer = await fixture.get('/api/v1/advice/reply');
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({
    error: { field: 'id', message: expect.stringContaining('--publish') },
  });
  const { evidence } = (await (await fixture.get('/api/v1/evidence?task=reply')).json()) as EvidenceAnswer;
  expect(evidence).toBeNull();
});

test('a kept profile is advised on, listed, and reported', async () => {
  const made = await fixture.send('POST', '/api/v1/advice/reply/profile', PROFILE);
  expect(made.status, await made.clone().text()).toBe(201);
  const { advice, evidenceCalls } = (await made.json()) as AdviceAnswer;
  expect(advice).toMatchObject({ task: 'reply', decision: { base: 'hosted-api' } });
  expect(evidenceCalls).toBe(0);
  const again = (await (await fixture.get('/api/v1/advice/reply')).json()) as AdviceAnswer;
  expect(again.advice.decision).toEqual(advice.decision);
  const { tasks } = (await (await fixture.get('/api/v1/advice')).json()) as AdviceListAnswer;
  expect(tasks).toMatchObject([{ task: 'reply', base: 'hosted-api' }]);
  const report = await fixture.get('/api/v1/advice/reply/report');
  expect(report.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await report.text()).toContain('<h1>reply: ');
});

test('imported history is measured', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => ({
    id: `hist_${String(index).padStart(20, '0')}`,
    at: Date.UTC(2026, 9, 1) + index * 3_600_000,
    spanMs: 0,
    calls: 1,
    task: 'reply',
    provider: null,
    model: null,
    user: null,
    inputTokens: 700,
    outputTokens: 90,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    durationMs: null,
    ttftMs: null,
    failed: false,
    error: null,
    costNanoUsd: 1_000_000,
    costSource: 'export',
  }));
  const importId = 'imp_01m89krc03mdve01b5arw9v95r';
  expect((await fixture.send('POST', '/api/v1/history/rows', { importId, rows })).status).toBe(200);
  // What is stored stands until it is worked out anew, and says why it is stale.
  const stored = (await (await fixture.get('/api/v1/advice/reply')).json()) as AdviceAnswer;
  expect(stored).toMatchObject({ evidenceCalls: 0, stale: ['history was imported or removed'] });
  const renewed = await fixture.send('POST', '/api/v1/advice/reply/renew');
  const { advice, evidenceCalls, stale } = (await renewed.json()) as AdviceAnswer;
  expect([evidenceCalls, stale]).toEqual([200, []]);
  expect(advice.profile.facts['tokens.inputPerCall'].source.kind).toBe('measured');
});

test('a wrong profile names its field and keeps nothing', async () => {
  const answer = await fixture.send('POST', '/api/v1/advice/other/profile', { ...PROFILE, nonsense: 1 });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: 'invalid_request', field: 'nonsense' } });
  expect((await fixture.get('/api/v1/advice/other')).status).toBe(404);
});
