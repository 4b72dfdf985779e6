/** Who may pass: every route without credentials, the cookie's life, changes from elsewhere, guessing the token. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/control/app.ts';
import { toOpenApiPath } from '../../src/control/openapi.ts';
import { SESSION_MS } from '../../src/control/sign-in.ts';
import { createManualClock } from '../../src/core/clock.ts';
import { ADMIN_TOKEN, type ControlFixture, openControl } from './control-fixture.ts';

const OPEN = ['GET /api/v1/session', 'POST /api/v1/session'];
const clock = createManualClock(Date.now());
let fixture: ControlFixture;

beforeAll(async () => {
  fixture = await openControl({ clock });
});
afterAll(() => fixture[Symbol.asyncDispose]());

function call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(`http://control.invalid${path}`, { method, ...init });
  return Promise.resolve(fixture.control.app.fetch(request));
}

async function signIn(token = ADMIN_TOKEN): Promise<Response> {
  return call('POST', '/api/v1/session', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
}

async function sessionCookie(): Promise<string> {
  const answer = await signIn();
  return (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] as string;
}

describe('without credentials', () => {
  test.each(routes.map((route) => [route.method, route.path.replace(/:\w+/g, 'x'), route.path] as const))(
    '%s %s',
    async (method, path, pattern) => {
      const answer = await call(method, path);
      if (OPEN.includes(`${method} ${pattern}`)) expect(answer.status).not.toBe(401);
      else {
        expect(answer.status).toBe(401);
        expect(await answer.json()).toMatchObject({ error: { code: 'not_signed_in', field: null } });
      }
    },
  );

  test.each(['/metrics', '/api', '/api/', '/api/v1', '/api/v1/nothing', '/api/v2/calls'])(
    '%s is refused or unknown, never answered',
    async (path) => {
      expect([401, 404]).toContain((await call('GET', path)).status);
    },
  );

  test('encoded and doubled paths do not get around sign-in', async () => {
    for (const path of [
      '/api/v1/%63alls',
      '/api//v1/calls',
      '/api/v1/calls/',
      '/API/v1/calls',
      '/api/v1/./calls',
      '//api/v1/calls',
    ]) {
      const answer = await call('GET', path);
      expect([401, 404], path).toContain(answer.status);
    }
  });

  test('what a Host header says changes nothing', async () => {
    expect((await call('GET', '/api/v1/calls', { headers: { host: 'localhost' } })).status).toBe(401);
  });
});

describe('credentials', () => {
  test.each([
    ['the admin token', `Bearer ${ADMIN_TOKEN}`, 200],
    ['a lower-case scheme', `bearer ${ADMIN_TOKEN}`, 200],
    ['a near miss', `Bearer ${ADMIN_TOKEN}x`, 401],
    ['another scheme', `Basic ${ADMIN_TOKEN}`, 401],
    ['nothing', 'Bearer ', 401],
  ])('%s', async (_name, authorization, status) => {
    expect((await call('GET', '/api/v1/keys', { headers: { authorization } })).status).toBe(status);
  });

  test('a session: cookie attributes, use, sign-out', async () => {
    const answer = await signIn();
    expect(answer.status).toBe(200);
    const setCookie = answer.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^trimtab_session=[\w.-]+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict$/);
    expect(setCookie).not.toContain(ADMIN_TOKEN);
    const cookie = setCookie.split(';', 1)[0] as string;
    expect((await call('GET', '/api/v1/keys', { headers: { cookie } })).status).toBe(200);
    expect(await (await call('GET', '/api/v1/session', { headers: { cookie } })).json()).toEqual({
      signedIn: true,
    });
    const out = await call('DELETE', '/api/v1/session', {
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    });
    expect(out.headers.get('set-cookie')).toMatch(/Max-Age=0/);
    expect((await call('GET', '/api/v1/keys', { headers: { cookie } })).status).toBe(401);
  });

  test('behind TLS the cookie is Secure', async () => {
    const answer = await call('POST', '/api/v1/session', {
      headers: { 'content-type': 'application/json', 'x-forwarded-proto': 'https' },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    });
    expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  test('a session ends by itself, and a changed cookie is worth nothing', async () => {
    const cookie = await sessionCookie();
    const [name, value] = cookie.split('=') as [string, string];
    const [id, expiry, signature] = value.split('.') as [string, string, string];
    const forged = `${name}=${id}.${Number(expiry) + 1}.${signature}`;
    expect((await call('GET', '/api/v1/keys', { headers: { cookie: forged } })).status).toBe(401);
    clock.turn(SESSION_MS - 1);
    expect((await call('GET', '/api/v1/keys', { headers: { cookie } })).status).toBe(200);
    clock.turn(1);
    expect((await call('GET', '/api/v1/keys', { headers: { cookie } })).status).toBe(401);
  });

  test('another admin token ends every session', async () => {
    await using own = await openControl();
    const request = (path: string, init: RequestInit) =>
      own.control.app.fetch(new Request(`http://control.invalid${path}`, init));
    const answer = await request('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    });
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] as string;
    await own.reopen();
    expect((await request('/api/v1/keys', { headers: { cookie } })).status).toBe(200);
    await own.reopen({ adminToken: 'another-admin-token-0123456789' });
    expect((await request('/api/v1/keys', { headers: { cookie } })).status).toBe(401);
    const old = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await request('/api/v1/keys', { headers: old })).status).toBe(401);
  });

  test('guesses are limited, and lock nobody out: the right token always passes', async () => {
    await using own = await openControl({ clock });
    const guess = (token: string) =>
      own.control.app.fetch(
        new Request('http://control.invalid/api/v1/session', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        }),
      );
    // A client with a stale token, over and over, is no guesser.
    for (let i = 0; i < 20; i++) expect((await guess('wrong-0')).status).toBe(401);
    for (let i = 1; i < 10; i++) expect((await guess(`wrong-${i}`)).status).toBe(401);
    const refused = await guess('wrong-10');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { code: 'too_many_sign_ins' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const bearer = (token: string) =>
      own.control.app.fetch(
        new Request('http://control.invalid/api/v1/keys', { headers: { authorization: `Bearer ${token}` } }),
      );
    expect((await bearer('wrong-11')).status).toBe(429);
    expect((await bearer(ADMIN_TOKEN)).status).toBe(200);
    expect((await guess(ADMIN_TOKEN)).status).toBe(200);
    // The CLI on the same machine has its own token.
    expect((await own.get('/api/v1/keys')).status).toBe(200);
    clock.turn(60_000);
    expect((await guess('wrong-10')).status).toBe(401);
  });
});

describe('changes with a cookie must come from the dashboard', () => {
  const body = JSON.stringify({ name: 'from the page' });
  const json = { 'content-type': 'application/json', host: 'trimtab.example:7070' };

  test.each([
    ['same origin by fetch metadata', { 'sec-fetch-site': 'same-origin' }, 201],
    ['same origin by Origin', { origin: 'http://trimtab.example:7070' }, 201],
    ['cross site', { 'sec-fetch-site': 'cross-site', origin: 'http://trimtab.example:7070' }, 403],
    ['same site, other origin', { 'sec-fetch-site': 'same-site' }, 403],
    ['typed by the user', { 'sec-fetch-site': 'none' }, 403],
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['another port', { origin: 'http://trimtab.example:7071' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['neither header', {}, 403],
  ])('%s', async (_name, headers, status) => {
    const cookie = await sessionCookie();
    const answer = await call('POST', '/api/v1/keys', { headers: { ...json, ...headers, cookie }, body });
    expect(answer.status).toBe(status);
    if (status === 403) expect(await answer.json()).toMatchObject({ error: { code: 'forbidden_origin' } });
  });

  test('a Bearer token needs no origin: no browser sends it by itself', async () => {
    const headers = { ...json, authorization: `Bearer ${ADMIN_TOKEN}`, origin: 'http://evil.example' };
    expect((await call('POST', '/api/v1/keys', { headers, body })).status).toBe(201);
  });
});

describe('the OpenAPI document', () => {
  test('is open and names every route with its input', async () => {
    const answer = await call('GET', '/api/openapi.json');
    expect(answer.status).toBe(200);
    const document = (await answer.json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { parameters: { name: string }[]; security?: unknown[]; requestBody?: object }>
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(named.sort()).toEqual(routes.map(({ method, path }) => `${method} ${toOpenApiPath(path)}`).sort());
    for (const route of routes) {
      const entry = document.paths[toOpenApiPath(route.path)]?.[route.method.toLowerCase()];
      const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
      expect(entry?.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(inPath));
      expect(entry?.requestBody !== undefined, route.path).toBe(route.body !== null);
      expect(entry?.security?.length === 0, route.path).toBe(route.access === 'open');
    }
  });

  test('lists exactly the routes the app has', () => {
    const mounted = fixture.control.app.routes
      .filter(({ path, method }) => path.startsWith('/api/v1') && method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    expect(mounted.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });
});
