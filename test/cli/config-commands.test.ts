/** `init` and `check`, which need no server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from './terminal.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trimtab-config-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const cli = (argv: string[], env: Record<string, string> = {}) => run(argv, { cwd: dir, env });
const write = (name: string, text: string) => writeFileSync(join(dir, name), text);

describe('init', () => {
  test.each(['ts', 'yaml', 'json'])('writes a %s config that check accepts', async (format) => {
    const env = { OPENAI_API_KEY: 'sk-not-to-be-written-0123456789', MISTRAL_API_KEY: 'x' };
    const made = await cli(['init', '--yes', '--no-local', '--format', format], env);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain('key in OPENAI_API_KEY');
    const text = readFileSync(join(dir, `trimtab.config.${format}`), 'utf8');
    expect(text).not.toContain('not-to-be-written');
    const checked = await cli(['check', '--json'], env);
    expect(JSON.parse(checked.out)).toMatchObject({ ok: true, secrets: [], unservable: [] });
    expect(checked.code).toBe(0);
  });

  test('with nothing there it offers the sandbox', async () => {
    await cli(['init', '--yes', '--no-local']);
    expect((await cli(['check'])).out).toMatch(/support-reply +internal +sandbox\/small +allowed/);
  });

  test('does not write over a config, nor beside one', async () => {
    await cli(['init', '--yes', '--no-local']);
    expect(await cli(['init', '--yes', '--no-local'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--force'),
    });
    expect((await cli(['init', '--yes', '--no-local', '--force'])).code).toBe(0);
    expect(await cli(['init', '--yes', '--no-local', '--force', '--format', 'yaml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('trimtab.config.ts is there too'),
    });
  });

  test('asks nobody where there is no terminal', async () => {
    expect(await cli(['init'])).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  });
});

describe('check', () => {
  test('names the place of a problem and the nearest spelling', async () => {
    write('trimtab.config.yaml', 'tasks:\n  triage:\n    rout: sandbox/small\n    route: sandbox/small\n');
    const { code, err } = await cli(['check']);
    expect(code).toBe(1);
    expect(err).toContain('trimtab.config.yaml:3:5: tasks.triage.rout: unknown key; did you mean "route"?');
  });

  test('--json says in JSON what is wrong, also beside another mistake in the same entry', async () => {
    write(
      'trimtab.config.yaml',
      [
        'providers:',
        '  sandbox: {}',
        'deployments:',
        '  fast: { provider: sandbax, model: small, regoin: eu }',
        'tasks:',
        '  triage:',
        '    dataClas: public',
        '    route: fats',
        '',
      ].join('\n'),
    );
    const { code, out, err } = await cli(['check', '--json']);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const { ok, problems } = JSON.parse(out) as { ok: boolean; problems: { field: string }[] };
    expect(ok).toBe(false);
    expect(problems.map(({ field }) => field)).toEqual([
      'deployments.fast.regoin',
      'deployments.fast.provider',
      'tasks.triage.dataClas',
      'tasks.triage.route',
    ]);
    expect(problems[3]).toEqual({
      place: 'trimtab.config.yaml:8:5',
      field: 'tasks.triage.route',
      message: expect.stringContaining('did you mean "fast"?'),
    });
  });

  test.each([
    ['not YAML', 'tasks: [', 'trimtab.config.yaml'],
    ['not there', null, 'no-such.yaml'],
  ])('--json of a config that is %s is JSON too', async (_what, text, name) => {
    if (text !== null) write(name, text);
    const { code, out, err } = await cli(['check', '--json', '--config', name]);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(out)).toEqual({
      ok: false,
      problems: [{ place: null, field: null, message: expect.stringContaining(name) }],
    });
  });

  test('shows what may go where, and fails when a task can go nowhere', async () => {
    write(
      'trimtab.config.json',
      JSON.stringify({
        providers: {
          plain: { type: 'openai-compatible', baseUrl: 'http://models.example.com/v1' },
          acme: {
            type: 'openai-compatible',
            baseUrl: 'http://10.0.0.1/v1',
            dataPolicy: { party: 'third' },
            passThrough: ['files', 'images', 'files'],
          },
        },
        tasks: {
          open: { dataClass: 'public', route: 'acme/m' },
          mixed: { dataClass: 'restricted', route: ['acme/m', 'sandbox/small'] },
          closed: { dataClass: 'confidential', route: 'acme/m', budget: { usd: 5, per: 'day' } },
        },
      }),
    );
    const { code, out } = await cli(['check']);
    expect(code).toBe(1);
    expect(out).toContain('providers.plain.baseUrl: http, so credentials and data travel unencrypted');
    expect(out).not.toContain('providers.acme.baseUrl');
    expect(out).toContain('tasks.closed.budget: stored and shown, not enforced yet');
    expect(out).toContain('passed through to acme: images, files');
    expect(out).not.toContain('passed through to plain');
    expect(out).toMatch(/open +public +acme\/m +allowed/);
    expect(out).toMatch(/closed +confidential +acme\/m +refused/);
    expect(out).toContain('✗ tasks.closed: no deployment of its route may get its data');
    expect(out).toContain('! tasks.mixed: acme/m is never tried.');
    expect(out).toContain('! deployments["acme/m"]: no price is known');
  });

  test('names missing secrets', async () => {
    write('trimtab.config.json', '{"providers":{"openai":{}}}');
    const { code, out } = await cli(['check'], { OPENAI_APIKEY: 'x' });
    expect(code).toBe(1);
    expect(out).toContain('OPENAI_API_KEY is not set; did you mean "OPENAI_APIKEY"?');
  });

  test('--probe asks for models only, and says what it found', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (request.headers.authorization !== 'Bearer good') response.writeHead(401).end('{}');
      else response.setHeader('content-type', 'application/json').end('{"data":[{"id":"here"}]}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const provider = { type: 'openai-compatible', baseUrl, dataPolicy: { party: 'own' } };
    write(
      'trimtab.config.json',
      JSON.stringify({
        providers: {
          good: { ...provider, apiKey: { env: 'GOOD' } },
          bad: { ...provider, apiKey: { env: 'BAD' } },
          gone: { ...provider, baseUrl: 'http://127.0.0.1:1/v1' },
        },
        tasks: { t: { route: ['good/here', 'good/elsewhere'] } },
      }),
    );
    const { code, out } = await cli(['check', '--probe'], { GOOD: 'good', BAD: 'bad' });
    server.close();
    expect(code).toBe(1);
    expect(out).toMatch(/good +ok +reached, 1 models; does not list elsewhere/);
    expect(out).toMatch(/bad +failed +reached, but the credential was refused \(401\)/);
    expect(out).toMatch(/gone +failed +not reached: ECONNREFUSED/);
    expect(out).toMatch(/sandbox +skipped/);
    expect(asked).toEqual(['GET /v1/models', 'GET /v1/models']);
  });
});
