/** Keeps the turns of conversations that apps continue by `previous_response_id`. */
import { type ErrorCode, TrimtabError } from '../core/error.ts';
import { DATA_CLASSES, type DataClass } from '../core/protocol.ts';
import { createSseDecoder } from '../core/sse.ts';
import type { TaskConfig } from '../stack/stack.ts';
import type { KeptResponse } from '../store/store.ts';
import type { ControlDeps } from './deps.ts';
import type { FoundError } from './link.ts';

type Json = Record<string, unknown>;

/** Turns that may wait for a slow store; further ones are not kept. */
const MAX_WAITING = 500;

export interface ResponseKeeper {
  /** Keeps an answer unless it is not complete, the app says `store: false`, or its task keeps nothing of calls. Never rejects. */
  keep(turn: { keyId: string; request: Uint8Array; answer: Uint8Array }): Promise<void>;
  /** @see FromControl `response-found`. Sees every turn that was given to {@link keep} before. */
  find(of: { keyId: string; responseId: string; model: string }): Promise<Found>;
}

interface Found {
  items: string | null;
  error: FoundError | null;
}

export function createResponseKeeper(deps: ControlDeps): ResponseKeeper {
  const { store, clock, logger } = deps;
  /** The turns being written. An app may continue a response the moment it has it. */
  let writing = Promise.resolve();
  let waiting = 0;
  let isFailing = false;

  async function write(turn: Parameters<ResponseKeeper['keep']>[0]): Promise<void> {
    try {
      const kept = toKept(deps, turn);
      if (kept) await store.responses.keep({ ...kept, keyId: turn.keyId, at: clock.now() });
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.warn({ error: textOf(error) }, 'a response was not kept');
      isFailing = true;
    }
  }

  return {
    keep(turn) {
      if (waiting >= MAX_WAITING) {
        if (!isFailing) logger.warn({ waiting }, 'responses are not kept: the store is too slow for them');
        isFailing = true;
        return writing;
      }
      waiting++;
      writing = writing.then(() => write(turn)).finally(() => waiting--);
      return writing;
    },
    async find({ keyId, responseId, model }) {
      await writing;
      try {
        const found = await store.responses.conversation({ keyId, id: responseId, at: clock.now() });
        if (!found) return { items: null, error: null };
        checkDataClass(found.dataClass, policyOf(deps, model).dataClass);
        const texts = found.items.map((items) => items.slice(1, -1)).filter((items) => items !== '');
        return { items: texts.join(','), error: null };
      } catch (error) {
        const code: ErrorCode = error instanceof TrimtabError ? error.code : 'internal';
        return { items: null, error: { code, message: textOf(error) } };
      }
    },
  };
}

function toKept(
  deps: ControlDeps,
  turn: { request: Uint8Array; answer: Uint8Array },
): Omit<KeptResponse, 'keyId' | 'at'> | null {
  const request = JSON.parse(Buffer.from(turn.request).toString()) as Json;
  const { capture, dataClass } = policyOf(deps, request.model);
  if (request.store === false || capture === 'none') return null;
  const response = readResponse(Buffer.from(turn.answer).toString());
  if (!response || typeof response.id !== 'string' || !Array.isArray(response.output)) return null;
  const { input, previous_response_id: previous } = request;
  const said = typeof input === 'string' ? [{ role: 'user', content: input }] : (input as unknown[]);
  const items = [...said, ...response.output].flatMap((item) => toPortable(item as Json));
  return {
    id: response.id,
    previousId: typeof previous === 'string' ? previous : null,
    items: JSON.stringify(items),
    dataClass,
  };
}

/** What a call's task says of its data; of calls that name no task, what the stack says of those. */
function policyOf({ revisions }: ControlDeps, model: unknown): Pick<TaskConfig, 'capture' | 'dataClass'> {
  const { tasks, gateway } = revisions.active().stack;
  const task = typeof model === 'string' && Object.hasOwn(tasks, model) ? tasks[model] : undefined;
  return task ?? gateway.untasked;
}

/** Data does not move to a task that may send it further than the one it came by. */
function checkDataClass(held: DataClass, allowed: DataClass): void {
  if (DATA_CLASSES.indexOf(held) <= DATA_CLASSES.indexOf(allowed)) return;
  throw new TrimtabError(
    'data_policy_refused',
    `The conversation holds ${held} data, and this call is for ${allowed} data.`,
    { field: 'previous_response_id' },
  );
}

/** A whole answer, or that of the event a stream ended with; `null` when it did not end well. */
function readResponse(text: string): Json | null {
  if (text.trimStart().startsWith('{')) return JSON.parse(text) as Json;
  const last = createSseDecoder().push(Buffer.from(text)).at(-1);
  if (!last) return null;
  const event = JSON.parse(last.data) as Json;
  const isWhole = event.type === 'response.completed' || event.type === 'response.incomplete';
  return isWhole ? (event.response as Json) : null;
}

const PORTABLE = new Set(['message', 'function_call', 'function_call_output']);

/**
 * An item as any vendor takes it. Ids name items a vendor keeps, and reasoning can only be read by the model that made it,
 * so neither follows a conversation that may go on elsewhere.
 */
function toPortable(item: Json): Json[] {
  if (item.type === 'reasoning') return [];
  if (!PORTABLE.has(String(item.type ?? 'message'))) return [item];
  const { id: _, status: __, ...rest } = item;
  return [rest];
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
