/** Stands in for a vendor: the sandbox's, as a server of its own on a free port, known to Trimtab by its address only. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVendorServer } from '../../src/providers/sandbox/vendor/server.ts';

export interface StandIn {
  /** `http://127.0.0.1:port/v1` */
  baseUrl: string;
  /** Chat calls it has answered. */
  readonly calls: number;
  close(): Promise<void>;
}

/** Answers at once. */
export async function startStandIn(): Promise<StandIn> {
  const vendor = createVendorServer();
  let calls = 0;
  const server = createServer((request, response) => {
    if (request.url === '/v1/chat/completions') calls++;
    request.headers['x-sandbox-time-scale'] = '0';
    vendor.emit('request', request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get calls() {
      return calls;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
