/** The dashboard's files: caching, client routes, security headers, and no way out of the folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { createAssets } from '../../src/control/static.ts';
import { silentLogger } from '../../src/core/log.ts';

const root = mkdtempSync(join(tmpdir(), 'trimtab-static-'));
const folder = join(root, 'dist');
mkdirSync(join(folder, 'assets'), { recursive: true });
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>dashboard</title>');
writeFileSync(join(folder, 'favicon.svg'), '<svg/>');
writeFileSync(join(folder, 'assets', 'app-1a2b3c.js'), 'console.log(1)');
writeFileSync(join(folder, 'assets', 'app-1a2b3c.js.gz'), gzipSync('console.log(1)'));
writeFileSync(join(root, 'secret.txt'), 'not yours');
mkdirSync(join(root, 'dist-other'));
writeFileSync(join(root, 'dist-other', 'x.txt'), 'not yours either');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const assets = createAssets({
  folders: [join(root, 'missing'), folder],
  sourceRoot: null,
  logger: silentLogger,
});
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  assets.serve(new Request(`http://control.invalid${path}`, { method, headers }));

describe('static files', () => {
  test.each(['/', '/calls', '/tasks/reply', '/index.html'])(
    '%s is the app, always asked for again',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(await answer.text()).toContain('dashboard');
    },
  );

  test('hashed assets are kept for good, compressed where the reader can', async () => {
    const plain = await get('/assets/app-1a2b3c.js');
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('content-type')).toMatch(/^text\/javascript/);
    const packed = await get('/assets/app-1a2b3c.js', { 'accept-encoding': 'gzip, br' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString()).toBe('console.log(1)');
  });

  test('an unchanged file is not sent again', async () => {
    const etag = (await get('/')).headers.get('etag') as string;
    expect((await get('/', { 'if-none-match': etag })).status).toBe(304);
  });

  test('HEAD has no body', async () => {
    const answer = await get('/', {}, 'HEAD');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('');
  });

  test.each(['/assets/old-hash.js', '/missing.png'])('%s is not there', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%2fdist-other%2fx.txt',
    '/%00',
    '/%E0%A4%A',
  ])('%s stays inside the folder', async (path) => {
    expect(await (await get(path)).text()).not.toContain('not yours');
  });

  test('every page forbids frames, sniffing and foreign scripts', async () => {
    for (const path of ['/', '/assets/app-1a2b3c.js', '/missing.png']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('before it is built the page says so', async () => {
    const unbuilt = createAssets({
      folders: [join(root, 'missing')],
      sourceRoot: null,
      logger: silentLogger,
    });
    const answer = await unbuilt.serve(new Request('http://control.invalid/'));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build:dashboard');
    const asset = await unbuilt.serve(new Request('http://control.invalid/assets/x.js'));
    expect(asset.status).toBe(404);
  });
});
