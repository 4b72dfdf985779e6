/**
 * The built dashboard in a real Chromium on a real server. Two servers: one with a seeded month of calls, one on its
 * first start with nothing but the sandbox, whose calls are made here.
 */
import { readFile } from 'node:fs/promises';
import OpenAI from 'openai';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevisionsAnswer, StatusAnswer } from '../../src/control/api-types.ts';
import { ADMIN_TOKEN, type Dashboard, KEY, openDashboard } from './support/dashboard.ts';
import {
  describeFocus,
  findFaint,
  findMissingLandmarks,
  findNameless,
  overflowOf,
} from './support/in-page.js';

const PAGES = [
  '/?range=7d',
  '/tasks?range=7d',
  '/tasks/support-reply?range=7d',
  '/stack',
  '/calls?range=7d',
  '/costs?range=30d&by=task,deployment',
  '/feedback?range=30d',
  '/advisor?range=30d',
  '/keys',
];
const PHONE = { viewport: { width: 390, height: 844 } };

let seeded: Dashboard;

beforeAll(async () => {
  seeded = await openDashboard({ calls: 3_000 });
});

afterAll(() => seeded?.dispose());

/** A page is ready once its sentence stands and nothing is a skeleton any more. */
async function ready(page: Page): Promise<void> {
  try {
    await page.locator('.headline').first().waitFor();
  } catch (error) {
    throw new Error(`${page.url()} shows: ${await page.locator('body').textContent()}`, { cause: error });
  }
  // Not waitForFunction: it evaluates text in the page, which the page's own policy forbids.
  await expect.poll(() => page.locator('[aria-busy="true"]').count(), { timeout: 20_000 }).toBe(0);
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each([
    ['a desktop', { width: 1440, height: 900 }],
    ['a phone', PHONE.viewport],
  ])('every page is sound on %s', async (_name, viewport) => {
    const { page, problems, close } = await seeded.open('/', { colorScheme, viewport });
    const found: Record<string, unknown> = {};
    for (const path of [...PAGES, await firstCall(page)]) {
      await page.goto(`${seeded.url}${path}`);
      await ready(page);
      const [nameless, faint, missing, overflow] = await Promise.all([
        page.evaluate(findNameless),
        page.evaluate(findFaint),
        page.evaluate(findMissingLandmarks),
        page.evaluate(overflowOf),
      ]);
      const trouble = [
        ...nameless,
        ...faint,
        ...missing,
        ...(overflow > 0 ? [`${overflow} px too wide`] : []),
      ];
      if (trouble.length > 0) found[path] = trouble;
    }
    expect(found).toEqual({});
    expect(problems).toEqual([]);
    await close();
  });
});

async function firstCall(page: Page): Promise<string> {
  await page.goto(`${seeded.url}/calls?range=7d&task=support-reply`);
  return (await page.locator('a.call-row').first().getAttribute('href')) ?? '';
}

describe('signing in', () => {
  test('a wrong token says so, the right one opens the page that was asked for', async () => {
    const { page, close } = await seeded.open('/costs?range=30d', { signedIn: false });
    await page.getByRole('textbox', { name: 'Admin token' }).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token this server knows.').waitFor();
    expect(await page.evaluate(findNameless)).toEqual([]);
    expect(await page.evaluate(findFaint)).toEqual([]);
    await page.getByRole('textbox', { name: 'Admin token' }).fill(ADMIN_TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Costs', level: 1 }).waitFor();
    expect(new URL(page.url()).search).toContain('range=30d');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('textbox', { name: 'Admin token' }).waitFor();
    await page.reload();
    await page.getByRole('textbox', { name: 'Admin token' }).waitFor();
    await close();
  });

  test('a session that ended elsewhere leads back to it', async () => {
    const { page, context, close } = await seeded.open('/tasks');
    await ready(page);
    await context.clearCookies();
    await page.getByRole('textbox', { name: 'Admin token' }).waitFor();
    await close();
  });
});

describe('the address', () => {
  test('holds the filters, survives a reload, and goes along to other pages', async () => {
    const { page, close } = await seeded.open('/calls?range=7d');
    await ready(page);
    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.getByLabel('Show calls by').selectOption('task');
    await page.getByRole('combobox', { name: 'Task', exact: true }).selectOption('triage');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('task triage').waitFor();
    await page.getByRole('button', { name: '30d' }).click();
    await page.waitForURL(/range=30d/);
    await page.reload();
    await ready(page);
    expect(new URL(page.url()).searchParams.get('task')).toBe('triage');
    const tasks = await page.locator('a.call-row > :nth-child(2)').allInnerTexts();
    expect(tasks.length).toBeGreaterThan(5);
    expect(new Set(tasks.map((text) => text.split('\n')[0]))).toEqual(new Set(['triage']));
    await page.getByRole('button', { name: 'Remove filter: task triage' }).click();
    await page.waitForURL((url) => !url.search.includes('task='));
    await page.getByRole('link', { name: 'Costs' }).click();
    await page.waitForURL(/\/costs\?.*range=30d/);
    await close();
  });

  test('every figure leads to the calls it is made of', async () => {
    const { page, close } = await seeded.open('/?range=30d');
    await ready(page);
    const row = page.getByRole('row', { name: /triage/ }).first();
    const calls = ((await row.getByRole('link').nth(1).textContent()) ?? '').replaceAll(',', '');
    await row.getByRole('link').nth(1).click();
    await page.waitForURL(/\/calls\?.*task=triage/);
    await page.getByText(/calls loaded/).waitFor();
    for (;;) {
      const text = await page.locator('.list-foot').textContent();
      if (text === 'That is all.') break;
      await page.locator('.call-scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await page.waitForTimeout(20);
    }
    await page.getByText(`${Number(calls).toLocaleString('en-US')} calls loaded`).waitFor();
    await close();
  });
});

test('a browser whose language is no language tag is served all the same', async () => {
  const { page, problems, close } = await seeded.open('/?range=7d');
  await page.addInitScript(
    `Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })`,
  );
  await page.reload();
  await ready(page);
  await page.getByRole('img', { name: /^Spend/ }).waitFor();
  expect(problems).toEqual([]);
  await close();
});

describe('by keyboard', () => {
  test('the palette jumps to a task, and j, k and Escape walk the calls', async () => {
    const { page, close } = await seeded.open('/?range=7d');
    await ready(page);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: /call id/ }).fill('contract');
    await page.getByRole('option', { name: /contract-summary/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/tasks\/contract-summary/);
    await page.goto(`${seeded.url}/calls?range=7d`);
    await page.locator('a.call-row').first().waitFor();
    await page.keyboard.press('j');
    await page.getByRole('complementary', { name: /Call call_/ }).waitFor();
    const first = page.url();
    await page.keyboard.press('j');
    await page.waitForURL((url) => url.href !== first);
    await page.keyboard.press('k');
    await page.waitForURL(first);
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/calls\?/);
    await close();
  });

  test('Tab reaches every control of a page in order, and focus can be seen', async () => {
    const { page, close } = await seeded.open('/stack');
    await ready(page);
    const reached = new Set<string>();
    for (let step = 0; step < 80; step++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(describeFocus);
      if (at === null) break;
      reached.add(at);
    }
    expect([...reached].filter((name) => name.includes('focus not shown'))).toEqual([]);
    for (const name of ['Skip to the page', 'Overview', 'Keys', '24h', 'Deployment', 'CSV']) {
      expect([...reached]).toContain(name);
    }
    await close();
  });

  test('the time picture is read with arrow keys and opened with Enter', async () => {
    const { page, close } = await seeded.open('/?range=7d');
    await ready(page);
    await page.getByRole('group', { name: /over time/ }).focus();
    await page.keyboard.press('End');
    await page.locator('.strips [aria-live]', { hasText: 'Calls' }).waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/calls\?.*range=custom/);
    await close();
  });
});

describe('what the pages do', () => {
  test('a table is saved as CSV', async () => {
    const { page, close } = await seeded.open('/costs?range=30d&by=task,user');
    await ready(page);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save costs-by-task-user as CSV' }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('costs-by-task-user.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(lines[0]).toMatch(/^Task,User,Calls,/);
    expect(lines.length).toBeGreaterThan(20);
    await close();
  });

  test('a key is made, shown once, and disabled', async () => {
    const { page, close } = await seeded.open('/keys');
    await ready(page);
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel(/^Name/).fill('browser test');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const key = await page.getByLabel('key', { exact: true }).textContent();
    expect(key).toMatch(/^tt-[0-9a-z]{32}$/);
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('button', { name: 'Disable key browser test' }).click();
    await page.getByRole('button', { name: 'Disable the key' }).click();
    await page.getByRole('button', { name: 'Enable key browser test' }).waitFor();
    const answer = await fetch(`${seeded.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(401);
    expect(await page.content()).not.toContain(key);
    await close();
  });

  test('a deployment is drained with its reason, and resumed', async () => {
    const { page, close } = await seeded.open('/stack');
    await ready(page);
    const buttons = page.getByRole('button', { name: /^Drain / });
    const name = (await buttons.first().getAttribute('aria-label'))?.replace('Drain ', '') ?? '';
    await buttons.first().click();
    await page.getByLabel(/^Reason/).fill('new drivers');
    await page.getByRole('button', { name: 'Drain it' }).click();
    await page.getByRole('button', { name: `Resume ${name}` }).click();
    await page.getByText(`${name} is drained`).waitFor();
    expect(await page.evaluate(findFaint)).toEqual([]);
    await page.getByRole('button', { name: 'Resume it' }).click();
    await page.getByRole('button', { name: `Drain ${name}` }).waitFor();
    await close();
  });

  test('naming a task while a file decides gives the lines for the file', async () => {
    const { page, close } = await seeded.open('/?range=30d');
    await ready(page);
    await page.getByRole('button', { name: 'Name a task' }).click();
    await page.getByLabel(/^Name, as/).fill('new-task');
    await page.getByRole('button', { name: 'Add the task' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('new-task');
    await close();
  });

  test.each<[string, Partial<StatusAnswer>, RegExp]>([
    ['the database is away', { database: 'away' }, /database does not answer/],
    ['the spool is full', { spool: { state: 'full', pendingBytes: 10 } }, /spool is full/],
    ['records wait', { spool: { state: 'ok', pendingBytes: 80_000_000 } }, /wait to be stored/],
    ['the config is not what runs', { configProblem: 'unknown key `tsks`' }, /unknown key `tsks`/],
  ])('a banner says that %s', async (_name, change, words) => {
    const { page, close } = await seeded.open('/tasks');
    await page.route('**/api/v1/status', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), ...change } });
    });
    await page.reload();
    await page.getByText(words).waitFor();
    expect(await page.evaluate(findFaint)).toEqual([]);
    await close();
  });

  test('figures stay when the server goes away, and it says from when they are', async () => {
    const { page, context, close } = await seeded.open('/tasks?range=7d');
    await ready(page);
    await context.setOffline(true);
    await page.getByText('The server does not answer.').waitFor();
    await page.getByRole('link', { name: 'triage' }).waitFor();
    await context.setOffline(false);
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    await close();
  });
});

test('batches: how far they are, where they run, and cancelling asks first', async () => {
  const { page, problems, close } = await seeded.open('/batches');
  await page.getByText('1 batch under way, 95 of 200 lines answered').waitFor();
  await page.getByText('150 lines run in vendors’ own batches').waitFor();
  await page.getByRole('img', { name: '95 of 200 lines answered, 1 of them failed' }).waitFor();
  await page.getByRole('cell', { name: 'msgbatch_013Zva2CMHLNnXjNJJKqJ2EF' }).waitFor();
  for (const [colorScheme, size] of [
    ['light', { width: 1440, height: 900 }],
    ['dark', PHONE.viewport],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    expect(await page.evaluate(findNameless)).toEqual([]);
    expect(await page.evaluate(findFaint)).toEqual([]);
    expect(await page.evaluate(findMissingLandmarks)).toEqual([]);
    expect(await page.evaluate(overflowOf)).toBeLessThanOrEqual(0);
  }
  await page.getByRole('button', { name: /^Cancel batch batch_/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Cancel the batch' });
  await dialog.getByText('105 lines of 200 have no answer yet').waitFor();
  await dialog.getByRole('button', { name: 'Go on' }).click();
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(problems).toEqual([]);
  await close();
});

describe('on a first start', () => {
  let fresh: Dashboard;

  beforeAll(async () => {
    fresh = await openDashboard({ config: null });
  });

  afterAll(() => fresh?.dispose());

  const client = () => new OpenAI({ baseURL: `${fresh.url}/v1`, apiKey: KEY, maxRetries: 0 });
  const ask = (model: string, extra: object = {}) =>
    client().chat.completions.create({
      model,
      user: 'ada',
      messages: [{ role: 'user', content: 'Where is my card?' }],
      ...extra,
    });

  test('empty pages teach, calls arrive live, a call explains itself, and a task is named and rolled back', async () => {
    const { page, problems, close } = await fresh.open('/');
    await page.getByText('No calls yet').waitFor();
    await page.getByText(`curl ${fresh.url}/v1/chat/completions`).waitFor();
    await page.getByText('npm run example').waitFor();
    await page.goto(`${fresh.url}/batches`);
    await page.getByText('trimtab batches create requests.jsonl --key app').waitFor();

    await page.goto(`${fresh.url}/calls?live=true&env=sandbox`);
    await page.getByRole('status').getByText('live').waitFor();
    await ask('sandbox/small');
    await page.locator('a.call-row').first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await ask('sandbox/small');
    await page.getByText('1 waiting').waitFor();
    expect(await page.locator('a.call-row').count()).toBe(1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('a.call-row').nth(1).waitFor();

    await page.locator('a.call-row').first().click();
    const panel = page.getByRole('complementary', { name: /Call call_/ });
    await panel.getByText(/was answered by sandbox\/small|A call of sandbox\/small/).waitFor();
    await panel.getByRole('img', { name: /Attempt at sandbox\/small from/ }).waitFor();
    await panel.getByText('SANDBOX', { exact: true }).waitFor();
    expect(await page.evaluate(findNameless)).toEqual([]);

    // No real call exists, so the sandbox is what every page shows, and it says so.
    await page.goto(`${fresh.url}/`);
    await page.getByText('SANDBOX', { exact: true }).first().waitFor();
    await page
      .getByText(/2 sandbox calls/)
      .first()
      .waitFor();
    expect(await page.evaluate(overflowOf)).toBeLessThanOrEqual(0);

    await page.getByRole('button', { name: 'Name a task' }).click();
    await page.getByLabel(/^Name, as/).fill('hello');
    await page.getByRole('button', { name: 'Add the task' }).click();
    await page.getByText('Task hello is there').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await ask('hello');

    await page.getByRole('link', { name: 'Stack' }).click();
    await page
      .getByRole('button', { name: /^Roll back to/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByText(/tasks.hello/)
      .first()
      .waitFor();
    await dialog.getByRole('button', { name: /^Roll back to/ }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('rolled back to').waitFor();
    const { history } = await fetchJson<RevisionsAnswer>('/api/v1/revisions');
    expect(history[0]?.kind).toBe('rolled back');
    await expect(ask('hello')).rejects.toThrow(/404/);
    expect(problems).toEqual([]);
    await close();
  });

  async function fetchJson<T>(path: string): Promise<T> {
    const answer = await fetch(`${fresh.url}${path}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    return (await answer.json()) as T;
  }
});
