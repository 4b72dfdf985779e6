/** One chat attempt through a package of the AI SDK: what it asks for is sent by the gateway, what comes back it reads. */
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
} from '@ai-sdk/provider';
import type { Answer, AppRequest, Exchange, UpstreamRequest } from '../provider.ts';
import { type Errands, runErrands } from './access.ts';
import { type Labels, toChatAnswer } from './answer.ts';
import { refuseWarned, type Translation, toCallOptions } from './call-options.ts';
import type { Reading } from './errors.ts';
import { PartReader } from './stream.ts';
import { uncarried } from './uncarried.ts';
import { readWhole, toRefusal, whenAsked } from './whole.ts';
import { Wire } from './wire.ts';

/** What an exchange needs to know of the instance. */
export interface Session {
  reading: Reading;
  translation: Translation;
  request: AppRequest;
  labels: Labels;
  streamType: string;
  /** What must be asked before the model is. */
  errands: Errands | null;
  /** The model behind a `fetch`; the package is loaded when the first is asked for. */
  openModel(fetchBy: typeof fetch): Promise<LanguageModelV3>;
}

/** Throws TrimtabError(unsupported_parameter | invalid_request) naming the field; what a package knows comes with `request`. */
export function openChat(session: Session): Exchange {
  const options = toCallOptions(session.request.body, session.translation);
  const { stream } = session.request;
  const wire = new Wire(stream ? session.streamType : null);
  const reader = new PartReader({ ...session, wire });
  const leaving = new AbortController();
  const call = { ...options, abortSignal: leaving.signal };
  const { done, errand } = runErrands(session.errands);
  const answer = stream ? null : done.then(() => generate(session, wire, call));
  const request = stream
    ? done.then(() => ask(session, { wire, call, reader }))
    : whenAsked(session.reading, wire, answer);
  // An attempt that ends with its errand never waits for it.
  request.catch(() => {});
  return {
    ...(errand && { errand }),
    request,
    streamType: session.streamType,
    readAnswer: (...[status, contentType, body, headers]) =>
      readWhole(session.reading, { wire, answer, status, contentType, body, headers }),
    readStream: () => reader,
    close() {
      wire.fail(new Error('the attempt is over'));
      leaving.abort();
    },
  };
}

/** The request of a stream, once the package has said what it cannot carry. */
async function ask(
  session: Session,
  { wire, call, reader }: { wire: Wire; call: LanguageModelV3CallOptions; reader: PartReader },
): Promise<UpstreamRequest> {
  try {
    const parts = await openParts(session, wire, call);
    const first = await parts.next();
    if (!wire.asked) throw new Error('the package sent something past its fetch');
    if (!first.done && first.value.type === 'stream-start')
      refuseWarned(unsupportedOf(first.value.warnings), session.translation);
    void reader.read(parts);
    return await wire.request;
  } catch (error) {
    throw toRefusal(session.reading, error);
  }
}

async function openParts(
  { openModel }: Session,
  wire: Wire,
  call: LanguageModelV3CallOptions,
): Promise<AsyncGenerator<LanguageModelV3StreamPart>> {
  const model = await openModel(wire.fetch as typeof fetch);
  await refuseForeignUrls(model, call);
  const { stream } = await model.doStream({ ...call, includeRawChunks: true });
  return partsOf(stream);
}

async function* partsOf(stream: ReadableStream<LanguageModelV3StreamPart>) {
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** Addresses that the vendor does not fetch; the package would, past the egress check. */
async function refuseForeignUrls(
  model: LanguageModelV3,
  { prompt }: LanguageModelV3CallOptions,
): Promise<void> {
  const supported = Object.values(await model.supportedUrls).flat();
  for (const message of prompt) {
    if (typeof message.content === 'string') continue;
    for (const part of message.content) {
      if (part.type !== 'file' || !(part.data instanceof URL)) continue;
      const { href } = part.data;
      if (!supported.some((pattern) => pattern.test(href))) {
        throw uncarried('the vendor', 'messages.content.image_url.url');
      }
    }
  }
}

/** The whole answer, which waits for the bytes that {@link readWhole} gives the wire. */
async function generate(session: Session, wire: Wire, call: LanguageModelV3CallOptions): Promise<Answer> {
  const model = await session.openModel(wire.fetch as typeof fetch);
  await refuseForeignUrls(model, call);
  await refuseBefore(session, call);
  const result = await model.doGenerate(call);
  return toChatAnswer(result, session.request, session.labels);
}

/** A package tells what it cannot carry with its answer, when it is too late; its stream tells at once, so that is asked. */
async function refuseBefore(session: Session, call: LanguageModelV3CallOptions): Promise<void> {
  const { prompt: _, abortSignal: __, maxOutputTokens: ___, ...risky } = call;
  if (Object.keys(risky).length === 0) return;
  const rehearsal = new Wire(session.streamType);
  try {
    const { value } = await (await openParts(session, rehearsal, call)).next();
    if (value?.type === 'stream-start') refuseWarned(unsupportedOf(value.warnings), session.translation);
  } finally {
    rehearsal.end();
  }
}

function unsupportedOf(warnings: readonly { type: string; feature?: string }[]): string[] {
  return warnings.flatMap(({ type, feature }) => (type === 'unsupported' && feature ? [feature] : []));
}
