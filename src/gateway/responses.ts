/**
 * Conversations by `previous_response_id`. The vendor never sees that id: a conversation is ours, so any deployment can
 * go on with it. A call that names an earlier response waits for its items, which are put before its own input; every
 * other call goes straight on. A good answer is handed to the keeper just before its last byte goes out.
 */
import { MemberTable } from '../protocols/json-span.ts';
import { parseObject } from '../protocols/request.ts';
import type { IncomingCall } from './call.ts';
import type { GatewayResponse, KeptResponses } from './gateway.ts';
import { serveCall } from './pipeline.ts';
import type { GatewayState } from './state.ts';

const MEMBER = 'previous_response_id';
const QUOTED = Buffer.from(`"${MEMBER}"`);

/** An incoming call, and how it is refused before it is one. */
export interface IncomingResponseCall extends IncomingCall {
  kept: KeptResponses;
  refuse: (thrown: unknown) => void;
}

/** Serves one call of the Responses protocol. Never throws. */
export function serveResponse(state: GatewayState, incoming: IncomingResponseCall): void {
  const { request, response, kept, refuse } = incoming;
  const keyId = keyIdOf(state, request.headers);
  if (keyId === null) {
    serveCall(state, 'responses', { request, response });
    return;
  }
  const keeping = new KeepingResponse(response, (answer) =>
    kept.keep(keyId, { request: request.body, answer }),
  );
  const previous = readPrevious(request.body);
  if (previous === null) {
    serveCall(state, 'responses', { request, response: keeping });
    return;
  }
  let isGone = false;
  response.onClientLeft(() => {
    isGone = true;
  });
  kept.find(keyId, previous).then(
    (items) => {
      if (isGone) return;
      // What is not there stays in the body, and is refused by name.
      const body = items === null ? request.body : continueFrom(request.body, items);
      serveCall(state, 'responses', { request: { ...request, body }, response: keeping });
    },
    (thrown: unknown) => {
      if (!isGone) refuse(thrown);
    },
  );
}

/** `null`: the pipeline refuses the call, and says why. */
function keyIdOf(state: GatewayState, headers: IncomingCall['request']['headers']): string | null {
  try {
    return state.serving.keyring.authenticate(headers).id;
  } catch {
    return null;
  }
}

/** The id an app names and its model, read without parsing the bodies that name none. */
function readPrevious(body: Buffer): { responseId: string; model: string } | null {
  if (!body.includes(QUOTED)) return null;
  try {
    const { [MEMBER]: responseId, model } = parseObject(body);
    return typeof responseId === 'string' && typeof model === 'string' ? { responseId, model } : null;
  } catch {
    return null;
  }
}

/** The request with earlier items before its own input, and no id; unchanged where that cannot be told for sure. */
export function continueFrom(body: Buffer, items: string): Buffer {
  const members = new MemberTable(body);
  const id = members.span(MEMBER);
  const input = members.span('input');
  if (!id || !input || members.count(MEMBER) > 1 || members.count('input') > 1) return body;
  const own = body.toString('utf8', input[0], input[1]).trim();
  const ownItems = own.startsWith('[') ? own.slice(1, -1).trim() : `{"role":"user","content":${own}}`;
  const all = [items, ownItems].filter((text) => text !== '').join(',');
  const parts = [
    { span: id, text: 'null' },
    { span: input, text: `[${all}]` },
  ].sort((a, b) => b.span[0] - a.span[0]);
  let out = body;
  for (const { span, text } of parts)
    out = Buffer.concat([out.subarray(0, span[0]), Buffer.from(text), out.subarray(span[1])]);
  return out;
}

/** Hands the last bytes of a good answer on before the client gets them. */
class KeepingResponse implements GatewayResponse {
  readonly #response: GatewayResponse;
  readonly #keep: (answer: Buffer) => void;
  #isGood = false;

  constructor(response: GatewayResponse, keep: (answer: Buffer) => void) {
    this.#response = response;
    this.#keep = keep;
  }

  head(status: number, headers: Record<string, string>): void {
    this.#isGood = status === 200;
    this.#response.head(status, headers);
  }

  write(bytes: Buffer): boolean {
    return this.#response.write(bytes);
  }

  end(bytes?: Buffer): void {
    if (this.#isGood && bytes) this.#keep(bytes);
    this.#response.end(bytes);
  }

  cut(): void {
    this.#response.cut();
  }

  onDrain(listener: () => void): void {
    this.#response.onDrain(listener);
  }

  onClientLeft(listener: () => void): void {
    this.#response.onClientLeft(listener);
  }
}
