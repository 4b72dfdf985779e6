import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseStack } from '../../src/stack/parse.ts';
import { resolveSecrets } from '../../src/stack/secrets.ts';
import { testCatalog, testPolicies } from './catalog.ts';

const stackOf = (providers: unknown) =>
  parseStack({ providers }, { catalog: testCatalog, policies: testPolicies });

describe('resolveSecrets', () => {
  test('reads variables and files, headers included', () => {
    const dir = mkdtempSync(join(tmpdir(), 'trimtab-secret-'));
    const path = join(dir, 'key');
    writeFileSync(path, 'from-file\n');
    const stack = stackOf({
      acme: { headers: { 'x-token': { env: 'TOKEN' }, 'x-team': 'a' } },
      basalt: { apiKey: { file: path } },
    });
    expect(resolveSecrets(stack, { ACME_API_KEY: ' from-env ', TOKEN: 't' })).toEqual({
      acme: { apiKey: 'from-env', headers: { 'x-token': 't', 'x-team': 'a' } },
      basalt: { apiKey: 'from-file', headers: {} },
      sandbox: { apiKey: null, headers: {} },
    });
    rmSync(dir, { recursive: true });
  });

  test('reads credentials of many lines, and a file whose path a variable holds', () => {
    const dir = mkdtempSync(join(tmpdir(), 'trimtab-secret-'));
    const path = join(dir, 'key.json');
    writeFileSync(path, '{\n  "private_key": "hidden"\n}\n');
    const credentials = { keyFile: { file: '$KEY_FILE' }, token: { env: 'TOKEN' } };
    const stack = stackOf({ generic: { baseUrl: 'https://x.test', credentials } });
    expect(resolveSecrets(stack, { KEY_FILE: path, TOKEN: 't' }).generic).toEqual({
      apiKey: null,
      headers: {},
      credentials: { keyFile: '{\n  "private_key": "hidden"\n}', token: 't' },
    });
    expect(() => resolveSecrets(stack, { TOKEN: 't' })).toThrow(
      /generic\.credentials\.keyFile: the environment variable KEY_FILE is not set/,
    );
    rmSync(dir, { recursive: true });
  });

  test('names every missing one with the nearest variable that is set', () => {
    const stack = stackOf({ acme: {}, basalt: { apiKey: { file: '/no/such/file' } } });
    const attempt = () => resolveSecrets(stack, { ACME_APIKEY: 'value-not-shown', OTHER: 'x' });
    expect(attempt).toThrow(
      /providers\.acme\.apiKey: the environment variable ACME_API_KEY is not set; did you mean "ACME_APIKEY"\?/,
    );
    expect(attempt).toThrow(/providers\.basalt\.apiKey: the file \/no\/such\/file cannot be read \(ENOENT\)/);
    expect(attempt).not.toThrow(/value-not-shown/);
  });

  test('a value that no header can carry is refused without showing it', () => {
    const stack = stackOf({ acme: {} });
    expect(() => resolveSecrets(stack, { ACME_API_KEY: 'two\nlines-hidden' })).toThrow(
      /ACME_API_KEY holds a character/,
    );
    expect(() => resolveSecrets(stack, { ACME_API_KEY: 'two\nlines-hidden' })).not.toThrow(/hidden/);
    expect(() => resolveSecrets(stack, { ACME_API_KEY: '' })).toThrow(/ACME_API_KEY is empty/);
  });
});
