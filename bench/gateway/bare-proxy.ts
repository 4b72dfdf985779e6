/** The baseline: the least a proxy on `node:http` and undici does. No keys, no parsing, no cost, no record. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { answerFigures } from './figures.ts';

const pool = new Pool(process.argv[2] as string, { headersTimeout: 0, bodyTimeout: 0, allowH2: false });

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (bytes: Buffer) => parts.push(bytes));
  request.on('end', () => {
    let controller: { abort(reason: Error): void; resume(): void; pause(): void } | undefined;
    let pending: Buffer[] = [];
    // The chunks of one read are joined into one write, as in the gateway.
    const flush = (): void => {
      if (pending.length === 0) return;
      const bytes = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending);
      pending = [];
      if (!response.write(bytes)) controller?.pause();
    };
    response.on('drain', () => controller?.resume());
    response.on('close', () => {
      if (!response.writableFinished) controller?.abort(new Error('client left'));
    });
    pool.dispatch(
      {
        path: request.url as string,
        method: 'POST',
        headers: ['content-type', 'application/json', 'authorization', 'Bearer vendor-key'],
        body: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts),
      },
      {
        onRequestStart(started) {
          controller = started;
        },
        onResponseStart(_controller, status, headers) {
          const head: Record<string, string> = { 'content-type': String(headers['content-type']) };
          if (typeof headers['content-length'] === 'string')
            head['content-length'] = headers['content-length'];
          response.writeHead(status, head);
        },
        onResponseData(_controller, bytes) {
          if (pending.push(bytes) === 1) process.nextTick(flush);
        },
        onResponseEnd() {
          const last = pending.length === 0 ? undefined : Buffer.concat(pending);
          pending = [];
          response.end(last);
        },
        onResponseError() {
          if (response.headersSent) response.destroy();
          else response.writeHead(502).end();
        },
      },
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
answerFigures();
