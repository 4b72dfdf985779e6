/** The two threads together: requests and streams across, aborts, a crash of the control thread, a start that fails. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlHost, createControlHost } from '../../src/control/host.ts';
import type { ControlOptions } from '../../src/control/link.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/log.ts';
import type { GatewayResponse } from '../../src/gateway/gateway.ts';
import type { Snapshot } from '../../src/stack/stack.ts';
import { WORKER_ENV } from '../e2e/trimtab.ts';
import { CLI_TOKEN, STACK } from './control-fixture.ts';

let dataDir: string;
let logged: string[];
let snapshots: Snapshot[];
const hosts: ControlHost[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'trimtab-host-'));
  logged = [];
  snapshots = [];
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  rmSync(dataDir, { recursive: true, force: true });
});

function openHost(change: Partial<ControlOptions> = {}): ControlHost {
  const log: Logger['error'] = (_fields, message) => logged.push(message);
  const host = createControlHost({
    control: {
      dataDir,
      databaseUrl: null,
      config: STACK,
      configPath: null,
      cwd: dataDir,
      watch: false,
      probeLocal: false,
      adminToken: null,
      firstKey: null,
      cliToken: CLI_TOKEN,
      processKeys: [],
      ...change,
    },
    env: WORKER_ENV,
    clock: systemClock,
    logger: { info() {}, warn: log, error: log },
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    serve() {},
    onEngines() {},
    onNotice() {},
  });
  hosts.push(host);
  return host;
}

class Answer implements GatewayResponse {
  status = 0;
  headers: Record<string, string> = {};
  body = '';
  leave: () => void = () => {};
  readonly ended = Promise.withResolvers<void>();
  readonly wrote = Promise.withResolvers<void>();

  head(status: number, headers: Record<string, string>): void {
    this.status = status;
    this.headers = headers;
  }
  write(bytes: Buffer): boolean {
    this.body += bytes.toString();
    this.wrote.resolve();
    return true;
  }
  end(bytes?: Buffer): void {
    this.body += bytes?.toString() ?? '';
    this.ended.resolve();
  }
  cut(): void {}
  onDrain(): void {}
  onClientLeft(listener: () => void): void {
    this.leave = listener;
  }
}

function send(host: ControlHost, url: string, change: { method?: string; body?: Buffer } = {}): Answer {
  const answer = new Answer();
  const [path = ''] = url.split('?');
  host.forward(
    {
      method: 'GET',
      path,
      url,
      headers: { authorization: `Bearer ${CLI_TOKEN}`, 'content-type': 'application/json' },
      body: Buffer.alloc(0),
      ...change,
    },
    answer,
  );
  return answer;
}

describe('the control thread', () => {
  test('answers requests with bodies, queries and headers', async () => {
    const host = openHost();
    const { snapshot, notices } = await host.ready;
    expect(snapshot.stack.tasks).toHaveProperty('reply');
    expect(notices.filter(({ secret }) => secret)).toHaveLength(2);
    const status = send(host, '/api/v1/status');
    await status.ended.promise;
    expect(status.status).toBe(200);
    expect(Number(status.headers['content-length'])).toBe(Buffer.byteLength(status.body));
    const created = send(host, '/api/v1/keys', { method: 'POST', body: Buffer.from('{"name":"app"}') });
    await created.ended.promise;
    expect(created.status).toBe(201);
    expect(snapshots.at(-1)?.keys.map(({ name }) => name)).toContain('app');
    const bad = send(host, '/api/v1/overview?since=x');
    await bad.ended.promise;
    expect(bad.status).toBe(400);
  });

  test('reports health and address in the status', async () => {
    const host = openHost();
    await host.ready;
    host.send({ type: 'listening', url: 'http://127.0.0.1:1' });
    host.send({
      type: 'health',
      deployments: [],
      drained: [],
      process: { rssBytes: 1, callsServed: 2, openStreams: 3, eventLoopDelayP99Ms: 4, spool: 'full' },
    });
    const status = send(host, '/api/v1/status');
    await status.ended.promise;
    expect(JSON.parse(status.body)).toMatchObject({
      url: 'http://127.0.0.1:1',
      process: { callsServed: 2 },
      spool: { state: 'full' },
    });
  });

  test('streams, until the reader leaves or the server stops', async () => {
    const host = openHost();
    await host.ready;
    const left = send(host, '/api/v1/calls/live');
    await left.wrote.promise;
    expect(left.headers['content-type']).toBe('text/event-stream');
    left.leave();
    const cut = send(host, '/api/v1/calls/live');
    await cut.wrote.promise;
    host.endAnswers();
    await cut.ended.promise;
  });

  test('refuses a body that is too large for an API', async () => {
    const host = openHost();
    await host.ready;
    const answer = send(host, '/api/v1/keys', { method: 'POST', body: Buffer.alloc(5_000_000) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'body_too_large' } });
  });

  test('takes feedback', async () => {
    const host = openHost();
    await host.ready;
    expect(await host.feedback('key_1', {})).toMatchObject({
      status: 400,
      body: { error: { param: 'call_id' } },
    });
  });

  test('that dies is loud, fails what it was asked, and comes back', async () => {
    const host = openHost();
    await host.ready;
    const open = send(host, '/api/v1/calls/live');
    await open.wrote.promise;
    const before = snapshots.length;
    crash(host);
    await open.ended.promise;
    const meanwhile = send(host, '/api/v1/status');
    expect(meanwhile.status).toBe(503);
    expect(JSON.parse(meanwhile.body)).toMatchObject({ error: { code: 'store_unavailable' } });
    expect(await host.feedback('key_1', {})).toMatchObject({ status: 503 });
    await expect.poll(() => snapshots.length, { timeout: 5000, interval: 10 }).toBeGreaterThan(before);
    const after = send(host, '/api/v1/status');
    await after.ended.promise;
    expect(after.status).toBe(200);
    expect(logged.some((line) => /starts again/.test(line))).toBe(true);
    expect(logged).toContain('the control thread is back');
  });

  test('that cannot start says why, once', async () => {
    writeFileSync(join(dataDir, 'trimtab.config.json'), '{"tsaks":{}}');
    const host = openHost({ config: null });
    await expect(host.ready).rejects.toMatchObject({ code: 'config_invalid' });
    await host.stop();
    // Whoever started it has the error to print; the log does not say it a second time.
    expect(logged).toEqual([]);
  });

  test.each([
    ['mysql://root:hunter22@db/x', 'mysql://'],
    ['hunter22', 'no scheme'],
  ])('of a database it does not take names what it takes, and no secret', async (databaseUrl, scheme) => {
    const host = openHost({ databaseUrl });
    await expect(host.ready).rejects.toMatchObject({
      code: 'config_invalid',
      field: 'DATABASE_URL',
      message: `DATABASE_URL: begins with ${scheme}; what is taken is postgres:// or postgresql://`,
    });
  });

  test('with a database that is away says so', async () => {
    const host = openHost({ databaseUrl: 'postgres://nobody:nothing@127.0.0.1:1/none' });
    await expect(host.ready).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

/** Ends the worker as a crash would: from outside, without a word. */
function crash(host: ControlHost): void {
  void (host as unknown as { worker: { terminate(): Promise<number> } }).worker.terminate();
}
