/** The Advisor in a real Chromium: from the portfolio to the advice on a task with a profile and calls. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ADMIN_TOKEN, type Dashboard, openDashboard } from './support/dashboard.ts';
import { findFaint, findMissingLandmarks, findNameless, overflowOf } from './support/in-page.js';

let seeded: Dashboard;

beforeAll(async () => {
  seeded = await openDashboard({ calls: 3_000 });
  const profile = join(import.meta.dirname, '..', '..', 'examples', 'profiles', 'support-reply.yaml');
  const answer = await fetch(`${seeded.url}/api/v1/advice/support-reply/profile`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(parse(await readFile(profile, 'utf8'))),
  });
  expect(answer.status).toBe(201);
});

afterAll(() => seeded?.dispose());

async function troubleOf(page: Page): Promise<string[]> {
  const overflow = await page.evaluate(overflowOf);
  return [
    ...(await page.evaluate(findNameless)),
    ...(await page.evaluate(findFaint)),
    ...(await page.evaluate(findMissingLandmarks)),
    ...(overflow > 0 ? [`${overflow} px too wide`] : []),
  ];
}

/** The band that is drawn last: the hybrid, which rents machines. */
async function bandOf(chart: Locator): Promise<string | null> {
  return chart.locator('.band').last().getAttribute('points');
}

test.each([
  ['light', { width: 1440, height: 900 }],
  ['dark', { width: 390, height: 844 }],
] as const)('leads from the portfolio to path, score and break-even of a task, in %s', async (...given) => {
  const [colorScheme, viewport] = given;
  const { page, problems, close } = await seeded.open('/advisor?range=30d', { colorScheme, viewport });
  const portfolio = page.getByRole('table', { name: 'Advice by task' });
  await portfolio.waitFor();
  expect(await troubleOf(page)).toEqual([]);
  await portfolio.getByRole('link', { name: 'support-reply', exact: true }).focus();
  await page.keyboard.press('Enter');
  const path = page.getByRole('list', { name: 'Decision path' });
  await path.waitFor();
  expect(await path.getByRole('listitem').count()).toBeGreaterThan(1);
  expect(await path.locator('.evidence').count()).toBeGreaterThan(0);
  const chart = page.getByRole('img', { name: /Cost a month by calls a month/ });
  expect(await chart.locator('.band').count()).toBeGreaterThan(1);
  expect(await chart.locator('.today').textContent()).toMatch(/today: [\d,]+/);
  expect(await page.getByRole('table', { name: 'Score by option' }).getByRole('row').count()).toBe(5);
  expect(await troubleOf(page)).toEqual([]);
  const gpu = page.getByRole('slider', { name: 'GPU price' });
  const before = { band: await bandOf(chart), now: await gpu.getAttribute('aria-valuetext') };
  await gpu.focus();
  await page.keyboard.press('End');
  await page.getByRole('status').getByText('what if').waitFor();
  expect(await gpu.getAttribute('aria-valuetext')).toBe('$16 per GPU-hour');
  await expect.poll(() => bandOf(chart)).not.toBe(before.band);
  expect(await troubleOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'As it is' }).click();
  await page.getByText('Move one to see what the answer becomes.').waitFor();
  await expect.poll(() => bandOf(chart)).toBe(before.band);
  expect(await gpu.getAttribute('aria-valuetext')).toBe(before.now);
  const report = page.getByRole('link', { name: 'Open the full report' });
  const answer = await page.request.get(new URL((await report.getAttribute('href')) ?? '', page.url()).href);
  expect(answer.headers()['content-type']).toMatch(/^text\/html/);
  expect(problems).toEqual([]);
  await close();
});

test('Portfolio leads to a task, whose recommendation is accepted, and the Roadmap starts from there', async () => {
  const { page, problems, close } = await seeded.open('/portfolio', { colorScheme: 'dark' });
  const tasks = page.getByRole('table', { name: /Tasks by spend/ });
  const row = tasks.getByRole('row').filter({ hasText: 'support-reply' });
  await row.waitFor();
  expect(
    await page
      .getByRole('img', { name: /Spend of 30 days and risk/ })
      .locator('circle')
      .count(),
  ).toBe((await tasks.getByRole('row').count()) - 1);
  expect(await troubleOf(page)).toEqual([]);
  await row.getByRole('link', { name: 'support-reply', exact: true }).click();
  const section = page.getByRole('region', { name: 'Recommendations' });
  await section.getByRole('button', { name: 'Accept: Caching and batching' }).click();
  await section.getByRole('button', { name: 'Start the proof: Caching and batching' }).waitFor();
  await section.getByRole('button', { name: 'Reject: Retrieval' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reject: Retrieval' });
  expect(await dialog.getByRole('button', { name: 'Reject it' }).isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('the facts are in the prompt');
  await dialog.getByRole('button', { name: 'Reject it' }).click();
  await section.getByText('1 recommendation rejected or realised').click();
  await section.getByText('Evidence and history of Retrieval').click();
  await section.getByText('rejected by the dashboard: the facts are in the prompt').waitFor();
  expect(await troubleOf(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('link', { name: 'Roadmap', exact: true }).click();
  await page
    .getByRole('region', { name: 'Phases' })
    .getByRole('link', { name: /support-reply/ })
    .click();
  const plan = page.getByRole('region', { name: 'support-reply' });
  await plan.getByText('Next steps').waitFor();
  expect(await plan.getByText(/^Effort: /).count()).toBe(3);
  expect(await troubleOf(page)).toEqual([]);
  expect(problems).toEqual([]);
  await close();
});

test('asks about a task on a page, names what cannot both be right, keeps a draft and saves', async () => {
  const { page, problems, close } = await seeded.open('/advisor/refund-check/profile', {
    viewport: { width: 390, height: 844 },
  });
  const ask = (question: string) => page.getByRole('group', { name: question });
  const sensitive = ask('How sensitive is the data in the prompts?');
  const vendor = ask('What does your legal or security team say about a vendor seeing this data?');
  await sensitive.getByRole('radio', { name: /^harmful outside/ }).check();
  await vendor.getByRole('radio', { name: 'no special rule' }).check();
  await ask('How many calls a month').getByRole('textbox').fill('1.5m');
  await ask('How hard is the task?').getByRole('checkbox', { name: 'I do not know' }).check();
  await sensitive.getByRole('radio', { name: /^may reach no third party/ }).check();
  await vendor.getByText('These cannot both be right.').waitFor();
  expect(await troubleOf(page)).toEqual([]);
  await page.reload();
  await vendor.getByRole('radio', { name: /^no third-party model/ }).check();
  await page.getByText('Some answers cannot all be right.').waitFor({ state: 'detached' });
  expect(await ask('How many calls a month').getByRole('textbox').inputValue()).toBe('1500000');
  await page.getByRole('textbox', { name: 'Who answers' }).fill('ana');
  await page.getByRole('button', { name: 'Save and advise' }).click();
  await page.getByRole('list', { name: 'Decision path' }).waitFor();
  await page.getByText('the profile by ana').waitFor();
  // Nothing served it, so asking for its advice is answered with 404 until the profile is there.
  expect(problems.filter((problem) => !problem.includes('404'))).toEqual([]);
  await close();
});
