/** `npm run example:clients`, as a person runs it: every app on every deployment, switched by config only. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Row } from '../../examples/clients/run.ts';
import { WORKER_ENV } from '../e2e/trimtab.ts';

const FOLDER = 'examples/clients';
const ANSWERS = { hosted: 'hosted-small', 'private-cloud': 'cloud-small', 'self-hosted': 'own-small' };
const PROTOCOLS = {
  'ai-sdk': 'chat',
  anthropic: 'messages',
  langchain: 'chat',
  'openai-chat': 'chat',
  'openai-responses': 'responses',
};

test('every app is answered by the deployment of the config', async () => {
  const { PATH } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [`${FOLDER}/run.ts`, '--json'], {
    env: { PATH, ...WORKER_ENV },
  });
  const { rows, standInCalls } = JSON.parse(stdout) as {
    rows: Row[];
    standInCalls: Record<string, number>;
  };
  const expected = Object.entries(ANSWERS).flatMap(([config, deployment]) =>
    Object.entries(PROTOCOLS).map(([app, protocol]) => ({
      app,
      config,
      deployment,
      protocol,
      standIn: true,
    })),
  );
  expect(rows).toHaveLength(expected.length);
  for (const row of expected) expect(rows).toContainEqual(expect.objectContaining(row));
  for (const { app, answer } of rows) expect(answer.length, app).toBeGreaterThan(20);
  // What the records say, by what each vendor saw.
  expect(standInCalls).toEqual({ hosted: 5, 'private-cloud': 5, 'self-hosted': 5 });
}, 120_000);

test('an app names its task, and no model and no vendor', () => {
  const apps = readdirSync(`${FOLDER}/apps`);
  expect(apps.map((file) => file.replace('.ts', '')).sort()).toEqual(Object.keys(PROTOCOLS));
  for (const file of apps) {
    const code = readFileSync(`${FOLDER}/apps/${file}`, 'utf8');
    expect(code).toContain("'support-reply'");
    expect(code.match(/process\.env(?!;)|TRIMTAB_\w+/g)?.sort()).toEqual(
      expect.arrayContaining(['TRIMTAB_KEY', 'TRIMTAB_URL']),
    );
    expect(code).not.toMatch(/gpt|claude|mistral|llama|qwen|small|large|_API_KEY/i);
  }
});
