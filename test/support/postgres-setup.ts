import { createServer, type Server } from 'node:net';
import { BROKER, startPostgres, type TestPostgres } from './postgres.ts';

/**
 * One PostgreSQL server per test run, started only when a test asks for it. Test files run in other processes, so
 * they ask over a loopback port whose number the environment carries; the answer is the server's url, or the reason
 * why there is none.
 */
let broker: Server | undefined;
let server: Promise<TestPostgres> | undefined;

export async function setup(): Promise<void> {
  broker = createServer((socket) => {
    socket.on('error', () => {});
    server ??= startPostgres();
    server.then(
      (running) => socket.end(running.url),
      (error: Error) => socket.end(`${error.message}\n${error.cause ?? ''}`),
    );
  });
  await new Promise<void>((resolve) => broker?.listen(0, '127.0.0.1', resolve));
  const address = broker.address();
  process.env[BROKER] = String(typeof address === 'object' && address ? address.port : '');
}

export async function teardown(): Promise<void> {
  broker?.close();
  const running = await server?.catch(() => undefined);
  await running?.dispose();
}
