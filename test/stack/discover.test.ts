import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { discover } from '../../src/stack/discover.ts';
import { parseStack } from '../../src/stack/parse.ts';
import type { ProviderCatalog } from '../../src/stack/stack.ts';
import { testCatalog, testPolicies } from './catalog.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const seen: { url: string | undefined; authorization: string | undefined }[] = [];

async function serve(status: number, body: string): Promise<number> {
  const server = createServer((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization });
    if (status === 0) return;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** The test catalogue with other local ports. */
function withPorts(ports: Record<string, number[]>): ProviderCatalog {
  return {
    types: () => testCatalog.types().map((info) => ({ ...info, localPorts: ports[info.type] ?? [] })),
  };
}

const models = (owner: string, ...ids: string[]) =>
  JSON.stringify({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: owner })) });

const look = (env: Record<string, string>, catalog = withPorts({})) =>
  discover({ env, catalog, fetch, probeLocal: true });

describe('discover', () => {
  test('nothing found is an empty config that parses to the sandbox', async () => {
    const { input, found } = await look({});
    expect(found).toEqual([]);
    expect(
      Object.keys(parseStack(input, { catalog: testCatalog, policies: testPolicies }).providers),
    ).toEqual(['sandbox']);
  });

  test('a key in the environment becomes a provider, by reference', async () => {
    const { input, found } = await look({
      ACME_API_KEY: 'not-to-be-seen',
      BASALT_API_KEY: ' ',
      BASALT_KEY: 'x',
    });
    expect(input.providers).toEqual({
      acme: { apiKey: { env: 'ACME_API_KEY' } },
      basalt: { apiKey: { env: 'BASALT_KEY' } },
    });
    expect(Object.keys(input.deployments ?? {})).toEqual(['acme/acme-mini', 'acme/acme-large', 'basalt/b1']);
    expect(found).toEqual(['acme: key in ACME_API_KEY', 'basalt: key in BASALT_KEY']);
    expect(JSON.stringify({ input, found })).not.toContain('not-to-be-seen');
    parseStack(input, { catalog: testCatalog, policies: testPolicies });
  });

  test('the only provider found takes names nobody offers', async () => {
    const { input } = await look({ ACME_API_KEY: 'x' });
    expect(input.providers?.acme?.default).toBe(true);
  });

  test('a server on a shared port is told by how it signs its models', async () => {
    const port = await serve(200, models('Hosted_Too', 'org/llama', 'qwen3:8b'));
    const { input, found } = await look({}, withPorts({ hosted: [port], 'hosted-too': [port] }));
    expect(input.providers).toEqual({
      'hosted-too': { baseUrl: `http://127.0.0.1:${port}/v1`, default: true },
    });
    expect(Object.keys(input.deployments ?? {})).toEqual(['hosted-too/org/llama', 'hosted-too/qwen3:8b']);
    expect(found[0]).toContain('org/llama, qwen3:8b');
    parseStack(input, { catalog: testCatalog, policies: testPolicies });
  });

  test('two servers of one type get two names', async () => {
    const ports = [await serve(200, models('', 'a')), await serve(200, models('', 'b'))];
    const { input } = await look({}, withPorts({ hosted: ports }));
    expect(Object.keys(input.providers ?? {})).toEqual(['hosted', 'hosted-2']);
    expect(input.providers?.['hosted-2']?.type).toBe('hosted');
  });

  test('silence, another protocol and closed ports are passed over; no credential is sent', async () => {
    seen.length = 0;
    const silent = await serve(0, '');
    const html = await serve(200, '<html>');
    const other = await serve(200, '{"data":"x"}');
    const missing = await serve(404, '{}');
    const locked = await serve(401, '{}');
    const { input, found } = await look(
      { ACME_API_KEY: 'secret' },
      withPorts({ hosted: [silent, html, other, missing, locked, 1] }),
    );
    expect(Object.keys(input.providers ?? {})).toEqual(['acme']);
    expect(found[1]).toContain(`:${locked}/v1 answers but wants a key`);
    expect(seen).toHaveLength(5);
    expect(seen.every(({ url, authorization }) => url === '/v1/models' && authorization === undefined)).toBe(
      true,
    );
  });

  test('local ports are left alone when asked to', async () => {
    const port = await serve(200, models('', 'a'));
    const { found } = await discover({
      env: {},
      catalog: withPorts({ hosted: [port] }),
      fetch,
      probeLocal: false,
    });
    expect(found).toEqual([]);
  });
});
