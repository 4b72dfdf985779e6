/** One embeddings attempt through a package of the AI SDK. */
import type { EmbeddingModelV3, EmbeddingModelV3Result, SharedV3ProviderOptions } from '@ai-sdk/provider';
import { completeUsage } from '../estimate.ts';
import type { JsonObject } from '../json.ts';
import type { Answer, AppRequest, Exchange } from '../provider.ts';
import { type Errands, runErrands } from './access.ts';
import type { Reading } from './errors.ts';
import { invalidField, uncarried } from './uncarried.ts';
import type { EmbeddingWords } from './vendor.ts';
import { readWhole, whenAsked } from './whole.ts';
import { Wire } from './wire.ts';

export interface EmbeddingSession {
  reading: Reading;
  request: AppRequest;
  words: EmbeddingWords;
  optionsName: string;
  answerHeaders: readonly string[];
  errands: Errands | null;
  openModel(fetchBy: typeof fetch): Promise<EmbeddingModelV3>;
}

/** Throws TrimtabError(unsupported_parameter | invalid_request) naming the field; what a package knows comes with `request`. */
export function openEmbeddings(session: EmbeddingSession): Exchange {
  const { reading, answerHeaders } = session;
  const asked = toAsked(session);
  const wire = new Wire(null);
  const leaving = new AbortController();
  const { done, errand } = runErrands(session.errands);
  const answer = done.then(() => embed(session, asked, { wire, signal: leaving.signal }));
  const request = whenAsked(reading, wire, answer);
  // An attempt that ends with its errand never waits for it.
  request.catch(() => {});
  return {
    ...(errand && { errand }),
    request,
    readAnswer: (...[status, contentType, body, headers]) =>
      readWhole(reading, { wire, answer, status, contentType, body, headers, passed: answerHeaders }),
    readStream() {
      throw new Error('embeddings do not stream');
    },
    close() {
      wire.fail(new Error('the attempt is over'));
      leaving.abort();
    },
  };
}

interface Asked {
  values: string[];
  isBase64: boolean;
  providerOptions: SharedV3ProviderOptions | undefined;
  /** Of what was asked, the members whose values the package checks. */
  checked: readonly string[];
}

/** Carried, or of no effect on the answer: the user and the tags are in our records. */
const CARRIED = new Set([
  ...['model', 'input', 'encoding_format', 'dimensions', 'input_type'],
  ...['user', 'safety_identifier', 'metadata'],
]);

function toAsked({ reading: { vendor }, request: { body }, words, optionsName }: EmbeddingSession): Asked {
  for (const [name, value] of Object.entries(body)) {
    if (!CARRIED.has(name) && value !== undefined && value !== null) throw uncarried(vendor, name);
  }
  const { encoding_format: format = 'float' } = body;
  if (format !== 'float' && format !== 'base64') {
    throw invalidField('encoding_format', '`float` or `base64`');
  }
  const options: JsonObject = {};
  const checked: string[] = [];
  for (const [name, word] of [
    ['dimensions', words.dimensions],
    ['input_type', words.inputType],
  ] as const) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (word === null) throw uncarried(vendor, name);
    options[word] = value;
    checked.push(name);
  }
  return {
    values: toValues(body.input, vendor),
    isBase64: format === 'base64',
    providerOptions:
      checked.length === 0 ? undefined : ({ [optionsName]: options } as SharedV3ProviderOptions),
    checked,
  };
}

/** Texts only: numbers of one vendor's tokens mean nothing to another. */
function toValues(input: unknown, vendor: string): string[] {
  const values = Array.isArray(input) ? (input as unknown[]) : [input];
  return values.map((value, i) => {
    if (typeof value === 'string') return value;
    throw uncarried(vendor, `input[${i}]`, ': it is no text');
  });
}

async function embed(
  { request, reading: { vendor }, openModel }: EmbeddingSession,
  { values, isBase64, providerOptions, checked }: Asked,
  { wire, signal }: { wire: Wire; signal: AbortSignal },
): Promise<Answer> {
  const model = await openModel(wire.fetch as typeof fetch);
  const most = (await model.maxEmbeddingsPerCall) ?? Number.POSITIVE_INFINITY;
  if (values.length > most) throw uncarried(vendor, 'input', `: it takes at most ${most} in one call`);
  try {
    const result = await model.doEmbed({
      values,
      abortSignal: signal,
      ...(providerOptions && { providerOptions }),
    });
    return toAnswer(request, result, { count: values.length, isBase64 });
  } catch (error) {
    if (wire.asked || checked.length === 0) throw error;
    throw invalidField(checked.join(', '), 'of a value that this model takes');
  }
}

function toAnswer(
  request: AppRequest,
  { embeddings, usage: reported }: EmbeddingModelV3Result,
  { count, isBase64 }: { count: number; isBase64: boolean },
): Answer {
  if (embeddings.length !== count) throw new Error('as many vectors as texts were asked for');
  const tokens = reported?.tokens;
  // A package may make nought, or no number, of a count the vendor left out.
  const inputTokens = tokens !== undefined && tokens > 0 ? { inputTokens: tokens } : {};
  const usage = completeUsage(request, { ...inputTokens, outputTokens: 0 }, () => 0);
  const { inputTokens: counted = 0 } = usage;
  const body = {
    object: 'list',
    data: embeddings.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: isBase64 ? toBase64(vector) : vector,
    })),
    model: request.model,
    usage: { prompt_tokens: counted, total_tokens: counted },
  };
  return { kind: 'answer', body: Buffer.from(JSON.stringify(body)), usage, finishReason: null };
}

/** 32-bit floats, little-endian, as the OpenAI client reads them. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}
