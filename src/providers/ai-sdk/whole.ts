/** Whole answers of a package, and what it says when it makes no request. */
import { TrimtabError } from '../../core/error.ts';
import { readObject } from '../json.ts';
import type { Answer, Failure, HeaderLookup, UpstreamRequest } from '../provider.ts';
import { malformedAnswer, type Reading, readErrorAnswer, readErrorEvent } from './errors.ts';
import { uncarried } from './uncarried.ts';
import type { Wire } from './wire.ts';

/** What the package asks for on its way to `answer`. Rejects with why it asks for nothing. */
export async function whenAsked(
  reading: Reading,
  wire: Wire,
  answer: Promise<Answer> | null,
): Promise<UpstreamRequest> {
  // A package that fails before it asks would leave the request open for ever.
  answer?.then(
    () => wire.fail(new Error('the package answered without asking')),
    (error: unknown) => wire.fail(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    return await wire.request;
  } catch (error) {
    throw toRefusal(reading, error);
  }
}

export interface Whole {
  wire: Wire;
  /** What the package makes of the bytes it is given. */
  answer: Promise<Answer> | null;
  status: number;
  contentType: string;
  body: Buffer;
  headers: HeaderLookup;
  /** Names of the headers that the package reads. Default: none. */
  passed?: readonly string[];
}

/** Gives the package the vendor's bytes, unless they are an error. */
export function readWhole(reading: Reading, whole: Whole): Promise<Answer | Failure> | Failure {
  const { wire, answer, status, contentType, body, headers, passed = [] } = whole;
  if (status < 200 || status >= 300) {
    wire.fail(new Error('the vendor refused'));
    return readErrorAnswer(reading, { status, headers, body });
  }
  const message = readObject(body);
  const failure = message ? readErrorEvent(reading, message) : malformedAnswer(reading);
  if (failure || !answer) {
    wire.fail(new Error('no answer'));
    return failure ?? malformedAnswer(reading);
  }
  const shown = passed.flatMap((name): [string, string][] => {
    const value = headers(name);
    return value === undefined ? [] : [[name, value]];
  });
  wire.answer(
    status,
    { 'content-type': contentType || 'application/json', ...Object.fromEntries(shown) },
    body,
  );
  return answer.catch(() => malformedAnswer(reading));
}

/** Ours as they are; a package's own complaint (it names the functionality it lacks) in our words. */
export function toRefusal({ vendor }: Reading, error: unknown): TrimtabError {
  if (error instanceof TrimtabError) {
    if (error.code !== 'config_invalid') return error;
    // Nothing an app can correct.
    return new TrimtabError('upstream_error', `${vendor}: ${error.message}`, { cause: error });
  }
  const functionality = (error as { functionality?: unknown } | null)?.functionality;
  if (typeof functionality === 'string') return uncarried(vendor, functionality.slice(0, 100));
  return new TrimtabError('upstream_error', `${vendor}: its package could not make the request`, {
    cause: error,
  });
}
