/** Two real vendors on free ports and a gateway over them, for benches of what happens when one is slow or dies. */
import type { CallRecord } from '../src/core/call-record.ts';
import type { TaskConfig } from '../src/stack/stack.ts';
import { KEY, stackOver, startGateway, task } from '../test/gateway/harness.ts';
import { startUpstream, type Upstream } from '../test/support/upstream.ts';

/** About the 1,000 tokens the vendors say it has. */
const PROMPT = 'word '.repeat(800);

export interface FailingStack {
  first: Upstream;
  second: Upstream;
  records: CallRecord[];
  /** One streamed call, read to its end. */
  call(): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Outcome {
  ok: boolean;
  /** Milliseconds to the first byte and to the end. */
  firstMs: number;
  wholeMs: number;
}

export async function startFailingStack(changes: Partial<TaskConfig> = {}): Promise<FailingStack> {
  const closers: (() => unknown)[] = [];
  const onEnd = ((close: () => unknown) => void closers.push(close)) as Parameters<typeof startUpstream>[0];
  const first = await startUpstream(onEnd);
  const second = await startUpstream(onEnd);
  const snapshot = stackOver([first.baseUrl, second.baseUrl], {
    tasks: { reply: task(['a', 'b'], changes) },
  });
  const { baseUrl, records } = await startGateway(onEnd, { snapshot });
  const body = JSON.stringify({
    model: 'reply',
    stream: true,
    messages: [{ role: 'user', content: PROMPT }],
  });
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  return {
    first,
    second,
    records,
    async call() {
      const began = performance.now();
      const since = (): number => performance.now() - began;
      const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers, body });
      const firstMs = since();
      const text = await response.text();
      return { ok: response.ok && text.includes('[DONE]'), firstMs, wholeMs: since() };
    },
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** Runs `count` calls, `width` at a time. */
export async function runCalls(stack: FailingStack, count: number, width: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < count) outcomes.push(await stack.call());
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}
