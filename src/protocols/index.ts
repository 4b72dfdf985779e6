/** The protocols apps speak, and how a deployment that speaks another one is reached. */
import { TrimtabError } from '../core/error.ts';
import type { Protocol } from '../core/protocol.ts';
import { asObject } from '../providers/json.ts';
import type { AppRequest, Connection, Exchange } from '../providers/provider.ts';
import { parseChat } from './chat.ts';
import type { ProtocolCodec } from './codec.ts';
import { parseEmbeddings } from './embeddings.ts';
import { encodeError, encodeErrorEvent, redactErrorBody } from './error-body.ts';
import { encodeMessagesError, encodeMessagesErrorEvent } from './messages/errors.ts';
import { openMessagesOverChat } from './messages/over-chat.ts';
import { parseMessages } from './messages/parse.ts';
import * as responses from './responses/index.ts';

const openAi = {
  usersOf: ({ safety_identifier: id, user }: Readonly<Record<string, unknown>>) => [id, user],
  tagsOf: ({ metadata }: Readonly<Record<string, unknown>>) => metadata,
  encodeError,
  encodeErrorEvent,
  redactErrorBody,
};

const messages: ProtocolCodec = {
  parse: parseMessages,
  usersOf: ({ metadata }) => [asObject(metadata)?.user_id],
  // `metadata` holds the user and nothing else.
  tagsOf: () => undefined,
  encodeError: encodeMessagesError,
  encodeErrorEvent: encodeMessagesErrorEvent,
  redactErrorBody,
};

const codecs: Partial<Readonly<Record<Protocol, ProtocolCodec>>> = {
  chat: { parse: parseChat, ...openAi },
  embeddings: { parse: parseEmbeddings, ...openAi },
  messages,
  responses: { ...openAi, ...responses.codec },
};

/** Translations over chat, for vendors that do not speak the app's protocol. */
const overChat: Partial<
  Readonly<Record<Protocol, (connection: Connection, request: AppRequest) => Exchange>>
> = { messages: openMessagesOverChat, responses: responses.openOverChat };

/** How the gateway reads and answers a protocol. Throws protocol_mismatch for one that apps cannot speak here. */
export function codecOf(protocol: Protocol): ProtocolCodec {
  const codec = codecs[protocol];
  if (!codec) throw new TrimtabError('protocol_mismatch', `The ${protocol} protocol is not served here.`);
  return codec;
}

/** The codec of whatever stands at a path below `/v1`, for errors before a call is known. */
export function codecAt(path: string): ProtocolCodec {
  return /^(\/providers\/[^/]+)?\/v1\/messages(\/|$)/.test(path) ? messages : codecOf('chat');
}

/**
 * Begins one attempt: natively when the deployment speaks the app's protocol, else translated over chat. Throws
 * protocol_mismatch when neither is possible, unsupported_parameter naming what the translation cannot carry.
 */
export function openExchange(connection: Connection, request: AppRequest): Exchange {
  const { protocols } = connection.capabilities(request.model);
  const translate = protocols.includes('chat') ? overChat[request.protocol] : undefined;
  if (protocols.includes(request.protocol) || !translate) return connection.open(request);
  return translate(connection, request);
}
