import { Pool } from 'undici';
import { BENCH_KEY } from './config.ts';

export type Kind = 'plain' | 'stream';

export interface Load {
  /** Makes calls over so many connections at once; resolves to each call's latency, microseconds. Rejects on any error. */
  run(kind: Kind, options: { count: number; connections: number }): Promise<number[]>;
}

/** A request of 1.9 KB: a system prompt and a question. */
const bodies: Record<Kind, Buffer> = { plain: requestBody(false), stream: requestBody(true) };

/** `more`: headers beside those every subject gets, flat. */
export function createLoad(origin: string, more: readonly string[] = []): Load {
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0, allowH2: false });
  const headers = ['content-type', 'application/json', 'authorization', `Bearer ${BENCH_KEY}`, ...more];

  function call(kind: Kind): Promise<number> {
    const began = process.hrtime.bigint();
    let ending = '';
    let bytes = 0;
    let statusCode = 0;
    return new Promise((resolve, reject) => {
      pool.dispatch(
        { path: '/v1/chat/completions', method: 'POST', headers, body: bodies[kind] },
        {
          onRequestStart() {},
          onResponseStart(_controller, status) {
            statusCode = status;
          },
          onResponseData(_controller, chunk) {
            bytes += chunk.length;
            ending = chunk.toString('latin1', Math.max(0, chunk.length - 20));
          },
          onResponseEnd() {
            const isWhole = kind === 'plain' ? bytes > 1_000 : ending.includes('[DONE]');
            if (statusCode !== 200 || !isWhole)
              reject(new Error(`status ${statusCode}, ${bytes} bytes, ${ending}`));
            else resolve(Number(process.hrtime.bigint() - began) / 1_000);
          },
          onResponseError(_controller, error) {
            reject(error);
          },
        },
      );
    });
  }

  return {
    async run(kind, { count, connections }) {
      const latencies: number[] = [];
      let left = count;
      await Promise.all(
        Array.from({ length: connections }, async () => {
          while (left-- > 0) latencies.push(await call(kind));
        }),
      );
      return latencies;
    },
  };
}

function requestBody(stream: boolean): Buffer {
  return Buffer.from(
    JSON.stringify({
      model: 'support-reply',
      messages: [
        { role: 'system', content: 'You answer customers of a bank, briefly and kindly. '.repeat(20) },
        { role: 'user', content: 'My card has not arrived yet, what should I do now? '.repeat(14) },
      ],
      temperature: 0.2,
      user: 'user-42',
      metadata: { channel: 'web' },
      ...(stream && { stream }),
    }),
  );
}
