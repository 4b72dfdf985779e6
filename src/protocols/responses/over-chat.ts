/** Responses for a deployment that speaks only chat: the request translated, its answer translated back. */
import { randomBytes } from 'node:crypto';
import {
  type AppRequest,
  type Connection,
  type Exchange,
  mapRead,
  mapRefusal,
} from '../../providers/provider.ts';
import { toResponsesAnswer } from './answer.ts';
import { toAppError } from './field.ts';
import { createResponseIds } from './items.ts';
import type { ResponseFrame } from './response.ts';
import { ResponseStreamReader } from './stream.ts';
import { toChatRequest } from './to-chat.ts';

/** Throws TrimtabError(unsupported_parameter | invalid_request) naming the field as the app wrote it. */
export function openOverChat(connection: Connection, request: AppRequest): Exchange {
  const { maxTokensMember = 'max_tokens' } = connection.capabilities(request.model);
  const exchange = openChat(connection, toChatRequest(request, maxTokensMember));
  const frame: ResponseFrame = {
    request,
    ids: createResponseIds(randomBytes(20).toString('hex')),
    createdAt: Math.floor(Date.now() / 1000),
  };
  return {
    ...exchange,
    request: mapRefusal(exchange.request, toAppError),
    readAnswer: (...arrived) =>
      mapRead(exchange.readAnswer(...arrived), (answer) =>
        answer.kind === 'failure' ? answer : toResponsesAnswer(frame, answer),
      ),
    readStream: () => new ResponseStreamReader(frame, exchange.readStream()),
  };
}

function openChat(connection: Connection, request: AppRequest): Exchange {
  try {
    return connection.open(request);
  } catch (thrown) {
    throw toAppError(thrown);
  }
}
