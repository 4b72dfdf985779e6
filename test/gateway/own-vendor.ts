/** A real HTTP vendor with an API of its own, for pass-through tests: it remembers what it was sent, byte by byte. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OwnRequestSeen {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  /** Resolves when the answer or its connection is over: true if it was sent whole. */
  closed: Promise<boolean>;
}

export interface OwnVendor {
  /** `http://127.0.0.1:port` */
  origin: string;
  readonly seen: OwnRequestSeen[];
  /** Answers; by default `{"ok":true}`. Called when the request is here whole. */
  answer: (seen: OwnRequestSeen, response: ServerResponse) => void;
  /** Takes a request over before its body is read; `null`: none is. */
  early: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  close(): Promise<void>;
}

export async function startOwnVendor(): Promise<OwnVendor> {
  const server = createServer((request, response) => {
    if (vendor.early) {
      vendor.early(request, response);
      return;
    }
    void (async () => {
      const closed = new Promise<boolean>((resolve) => {
        response.on('close', () => resolve(response.writableFinished));
      });
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, bytes: Buffer.concat(chunks), closed };
      vendor.seen.push(seen);
      vendor.answer(seen, response);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendor: OwnVendor = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    early: null,
    answer: (_, response) => sendJson(response, { ok: true }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendor;
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}
