/**
 * Memory of a large upload and a large download on their way through the gateway: `node bench/pass-through.ts
 * [--mb 200]`. The gateway is this process; app and vendor are another, so that its memory is not counted.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KEY, provider, snapshot, startGateway } from '../test/gateway/harness.ts';

const MEGABYTE = 1_000_000;
const CHUNK = Buffer.alloc(64 * 1024, 7);
const { values } = parseArgs({ options: { mb: { type: 'string', default: '200' } } });
const bytes = Number(values.mb) * MEGABYTE;

type Ask = { way: 'up' | 'down' | 'form'; url: string };
type Told = { origin: string } | { ms: number; status: number; seen: number };

if (process.send) peer();
else await measure();

/** The app and the vendor. */
function peer(): void {
  let seen = 0;
  const vendor = createServer(async (request, response) => {
    seen = 0;
    for await (const chunk of request) seen += (chunk as Buffer).length;
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    if (request.method === 'GET') await writeAll((chunk) => response.write(chunk), response);
    response.end(request.method === 'GET' ? '' : '{}');
  });
  vendor.listen(0, '127.0.0.1', () => {
    process.send?.({ origin: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}` });
  });
  process.on('message', async ({ way, url }: Ask) => {
    const from = performance.now();
    const headers: Record<string, string> = { authorization: `Bearer ${KEY}` };
    const init: RequestInit & { duplex?: 'half' } = { headers };
    if (way !== 'down') {
      Object.assign(init, { method: 'POST', duplex: 'half', body: bodyOf(way === 'form') });
      if (way === 'form') headers['content-type'] = 'multipart/form-data; boundary=b';
    }
    const answer = await fetch(url, init);
    let got = 0;
    for await (const chunk of answer.body ?? []) got += chunk.length;
    process.send?.({
      ms: performance.now() - from,
      status: answer.status,
      seen: way === 'down' ? got : seen,
    });
  });
}

async function writeAll(
  write: (chunk: Buffer) => boolean,
  drained: { once(event: 'drain', listener: () => void): unknown },
): Promise<void> {
  for (let sent = 0; sent < bytes; sent += CHUNK.length) {
    if (!write(CHUNK)) await new Promise<void>((resolve) => drained.once('drain', resolve));
  }
}

function bodyOf(isForm: boolean): ReadableStream<Uint8Array> {
  const head =
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nacme/whisper-x\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n';
  let sent = 0;
  return new ReadableStream({
    start: (stream) => (isForm ? stream.enqueue(Buffer.from(head)) : undefined),
    pull(stream) {
      stream.enqueue(CHUNK);
      sent += CHUNK.length;
      if (sent < bytes) return;
      if (isForm) stream.enqueue(Buffer.from('\r\n--b--\r\n'));
      stream.close();
    },
  });
}

async function measure(): Promise<void> {
  const other = fork(fileURLToPath(import.meta.url), process.argv.slice(2));
  const told = (): Promise<Told> =>
    new Promise((resolve) => other.once('message', (told: Told) => resolve(told)));
  const first = await told();
  if (!('origin' in first)) throw new Error('the vendor did not start');
  const stops: (() => unknown)[] = [];
  const { baseUrl } = await startGateway((stop) => void stops.unshift(stop as () => unknown), {
    snapshot: snapshot({
      providers: { acme: provider(`${first.origin}/v1`, { passThrough: ['files', 'audio'] }) },
    }),
  });
  const files = baseUrl.replace(/\/v1$/, '/providers/acme/v1/files');
  const ways: [string, Ask][] = [
    ['upload as it is', { way: 'up', url: files }],
    ['upload of a form with a model', { way: 'form', url: `${baseUrl}/audio/transcriptions` }],
    ['download', { way: 'down', url: `${files}/file-1/content` }],
  ];
  console.log(`${values.mb} MB each way, resident memory of the gateway's process`);
  for (const [name, ask] of ways) {
    const before = process.memoryUsage().rss;
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    other.send(ask);
    const end = await told();
    clearInterval(sampling);
    if (!('ms' in end) || end.status !== 200 || end.seen < bytes)
      throw new Error(`${name}: ${JSON.stringify(end)}`);
    const mb = (value: number): string => (value / MEGABYTE).toFixed(0);
    console.log(
      `${name.padEnd(32)} before ${mb(before)} MB, peak ${mb(peak)} MB, ${(bytes / end.ms / 1000).toFixed(0)} MB/s`,
    );
  }
  for (const stop of stops) await stop();
  other.kill();
}
