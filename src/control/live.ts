import type { CallRecord } from '../core/call-record.ts';
import type { CallSummary } from '../store/store.ts';

/** Bytes a reader may be behind before calls are left out for it. */
const MAX_BEHIND_BYTES = 1_000_000;
const KEEP_ALIVE = ': keep-alive\n\n';

/** New calls, as they reach the store, to everyone who watches. */
export interface LiveCalls {
  publish(records: readonly CallRecord[]): void;
  /** An endless `text/event-stream` of summaries; ends when the reader leaves or {@link close} is called. */
  stream(signal: AbortSignal): Response;
  /** A comment line to every reader, so that proxies keep idle connections. Called by a timer. */
  keepAlive(): void;
  close(): void;
}

interface Reader {
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** Calls left out since it fell behind; said in a `skipped` event once it has caught up. */
  skipped: number;
}

export function createLiveCalls(): LiveCalls {
  const readers = new Set<Reader>();
  const encoder = new TextEncoder();
  return {
    publish(records) {
      if (readers.size === 0 || records.length === 0) return;
      const bytes = encoder.encode(records.map(toEvent).join(''));
      for (const reader of readers) send(reader, bytes, records.length);
    },
    stream(signal) {
      let reader: Reader | undefined;
      const leave = () => {
        if (reader) readers.delete(reader);
      };
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            reader = { controller, skipped: 0 };
            readers.add(reader);
            controller.enqueue(encoder.encode(KEEP_ALIVE));
          },
          cancel: leave,
        },
        new ByteLengthQueuingStrategy({ highWaterMark: MAX_BEHIND_BYTES }),
      );
      signal.addEventListener('abort', leave, { once: true });
      return new Response(body, {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      });
    },
    keepAlive() {
      for (const reader of readers) send(reader, encoder.encode(KEEP_ALIVE), 0);
    },
    close() {
      for (const { controller } of readers) controller.close();
      readers.clear();
    },
  };

  function send(reader: Reader, bytes: Uint8Array, count: number): void {
    if ((reader.controller.desiredSize ?? 0) < bytes.length) {
      reader.skipped += count;
      return;
    }
    if (reader.skipped > 0) {
      reader.controller.enqueue(encoder.encode(`event: skipped\ndata: ${reader.skipped}\n\n`));
      reader.skipped = 0;
    }
    reader.controller.enqueue(bytes);
  }
}

function toEvent(record: CallRecord): string {
  return `data: ${JSON.stringify(toSummary(record))}\n\n`;
}

/** The row of the calls page a record becomes. */
export function toSummary(record: CallRecord): CallSummary {
  const { attempts, skipped, stages, payload, tags, requestBytes, responseBytes, ...rest } = record;
  return { ...rest, attemptCount: attempts.length, feedbackScore: null };
}
