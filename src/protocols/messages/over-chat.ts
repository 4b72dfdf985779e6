/** The messages protocol for deployments that speak chat. */
import { malformed } from '../../providers/failure.ts';
import { asArray } from '../../providers/json.ts';
import {
  type AppRequest,
  type Connection,
  type Exchange,
  mapRead,
  mapRefusal,
} from '../../providers/provider.ts';
import { MemberTable } from '../json-span.ts';
import { ParsedRequest } from '../request.ts';
import { type Asked, toMessage } from './answer.ts';
import { fromChatFailure } from './failure.ts';
import { toAppError } from './refusal.ts';
import { MessagesOverChatReader } from './stream.ts';
import { toChatBody, wantsThinking } from './to-chat.ts';

/** Throws unsupported_parameter naming what chat, or this vendor, cannot carry. */
export function openMessagesOverChat(connection: Connection, request: AppRequest): Exchange {
  const { body } = request;
  const exchange = openChat(connection, request);
  const asked: Asked = {
    model: request.model,
    stopSequences: asArray(body.stop_sequences),
    thinking: wantsThinking(body),
  };
  return {
    ...exchange,
    request: mapRefusal(exchange.request, (refusal) => toAppError(refusal, body)),
    readAnswer: (...args) =>
      mapRead(exchange.readAnswer(...args), (read) => {
        if (read.kind === 'failure') return fromChatFailure(read);
        const message = toMessage(read.body, read.usage, asked);
        if (!message) return malformed('the deployment', 'an answer that is no message');
        return { ...read, body: message.body, finishReason: message.stopReason };
      }),
    readStream: () => new MessagesOverChatReader(exchange.readStream(), asked, body),
  };
}

function openChat(connection: Connection, request: AppRequest): Exchange {
  const asked = toChatRequest(connection, request);
  try {
    return connection.open(asked);
  } catch (refusal) {
    throw toAppError(refusal, request.body);
  }
}

/** Betas and the version of the app's protocol mean nothing to a chat vendor; what they allow shows as fields. */
function toChatRequest(connection: Connection, request: AppRequest): AppRequest {
  const body = toChatBody(request, connection.capabilities(request.model));
  const bytes = Buffer.from(JSON.stringify(body));
  const idempotencyKey = request.headers['idempotency-key'];
  return new ParsedRequest({
    protocol: 'chat',
    model: request.model,
    stream: request.stream,
    // The reader is asked for usage at the end, so the vendor's usage event is not needed in the stream.
    wantsUsage: false,
    bytes,
    body,
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    members: new MemberTable(bytes),
  });
}
