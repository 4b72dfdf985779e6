/** Entry of the vendor's own thread: listens on a free port of this machine and tells the parent which. */
import { parentPort } from 'node:worker_threads';
import { createVendorServer } from './server.ts';

const server = createVendorServer();
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === 'object' && address ? address.port : 0 });
});
