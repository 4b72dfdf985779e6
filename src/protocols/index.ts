/** The protocols apps speak, and how a deployment that speaks another one is reached. */
import { TrimtabError } from '../core/error.ts';
import type { Protocol } from '../core/protocol.ts';
import type { AppRequest, Connection, Exchange } from '../providers/provider.ts';
import { parseChat } from './chat.ts';
import type { ProtocolCodec } from './codec.ts';
import { parseEmbeddings } from './embeddings.ts';
import { encodeError, encodeErrorEvent, redactErrorBody } from './error-body.ts';

const openAiErrors = { encodeError, encodeErrorEvent, redactErrorBody };

const codecs: Partial<Readonly<Record<Protocol, ProtocolCodec>>> = {
  chat: { parse: parseChat, ...openAiErrors },
  embeddings: { parse: parseEmbeddings, ...openAiErrors },
};

/** Translations over chat, for vendors that do not speak the app's protocol. */
const overChat: Partial<
  Readonly<Record<Protocol, (connection: Connection, request: AppRequest) => Exchange>>
> = {};

/** How the gateway reads and answers a protocol. Throws protocol_mismatch for one that apps cannot speak here. */
export function codecOf(protocol: Protocol): ProtocolCodec {
  const codec = codecs[protocol];
  if (!codec) throw new TrimtabError('protocol_mismatch', `The ${protocol} protocol is not served here.`);
  return codec;
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
