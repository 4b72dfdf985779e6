import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSseDecoder } from '../../src/core/sse.ts';
import type { Usage } from '../../src/core/usage.ts';
import { MemberTable } from '../../src/protocols/json-span.ts';
import { findProvider, providers } from '../../src/providers/index.ts';
import type {
  Answer,
  AppRequest,
  Connection,
  Exchange,
  Failure,
  Provider,
  StreamReader,
  UpstreamRequest,
} from '../../src/providers/provider.ts';
import type { ProviderConfig } from '../../src/stack/stack.ts';

/** Wire bytes of one vendor; `note.json` says where they come from and what they mean. */
export interface Fixture {
  provider: Provider;
  note: {
    model: string;
    source: string;
    date: string;
    how: string;
    errorStatus: number;
    errorEvent: string;
    /** With what its streams end. Default `[DONE]`. */
    terminator?: string;
    expect: { usage: Usage; finishReason: string };
    expectStream: { usage: Usage; finishReason: string; text: string };
  };
  plain: Buffer;
  stream: Buffer;
  error: Buffer;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');

export function readFixture(type: string, file: string): Buffer {
  return readFileSync(join(folder, type, file));
}

export function fixtureTypes(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

export function loadFixture(type: string): Fixture {
  const provider = findProvider(type);
  if (!provider) throw new Error(`no provider of type ${type}`);
  return {
    provider,
    note: JSON.parse(readFixture(type, 'note.json').toString()),
    plain: readFixture(type, 'plain.txt'),
    stream: readFixture(type, 'stream.sse'),
    error: readFixture(type, 'error.txt'),
  };
}

export const KEY = 'sk-test-3f9a1c77d2e84b60';

/** Vendors behind packages decode in their own time and are driven through a gateway: `ai-sdk.test.ts`. */
export const syncProviders: readonly Provider[] = providers.filter(
  ({ translated, protocols }) => !translated.includes('chat') || protocols.includes('messages'),
);

/** Of providers whose code is synchronous, which all in these suites are. */
export interface SyncExchange extends Exchange {
  readonly request: UpstreamRequest;
  readAnswer(...answer: Parameters<Exchange['readAnswer']>): Answer | Failure;
}

export interface SyncConnection extends Connection {
  open(request: AppRequest): SyncExchange;
}

export function connectTo(provider: Provider, config: Partial<ProviderConfig> = {}): SyncConnection {
  const baseUrl = provider.defaultBaseUrl ?? 'https://example-resource.example.com/base';
  const full: ProviderConfig = {
    type: provider.type,
    baseUrl,
    apiKey: null,
    headers: {},
    default: false,
    dataPolicy: provider.defaultDataPolicy(baseUrl),
    options: provider.parseOptions(provider.exampleOptions ?? {}),
    ...config,
  };
  return provider.connect(full, { apiKey: KEY, headers: { 'x-extra': 'extra-value-1' } }) as SyncConnection;
}

/** An app's request as `protocols/` gives it. */
export function toRequest(text: string, model: string, extra: Partial<AppRequest> = {}): AppRequest {
  const bytes = Buffer.from(text);
  const body = JSON.parse(text) as Record<string, unknown>;
  const members = new MemberTable(bytes);
  const options = body.stream_options as { include_usage?: boolean } | null | undefined;
  return {
    protocol: 'chat',
    model,
    stream: body.stream === true,
    wantsUsage: options?.include_usage === true,
    bytes,
    body,
    span: (member) => members.span(member),
    headers: {},
    ...extra,
  };
}

export const CHAT = '{"model":"support-reply","messages":[{"role":"user","content":"Say hello."}]}';
export const CHAT_STREAM = CHAT.replace('{', '{"stream":true,');
export const CHAT_STREAM_USAGE = CHAT.replace('{', '{"stream":true,"stream_options":{"include_usage":true},');

export interface StreamResult {
  bytes: string;
  usage: Usage;
  finishReason: string | null;
  done: boolean;
  started: boolean;
  failure: string | null;
}

export function readAll(reader: StreamReader, chunks: readonly Buffer[]): StreamResult {
  const out = [...chunks.map((chunk) => reader.push(chunk)), reader.end()].filter((bytes) => bytes !== null);
  return {
    bytes: Buffer.concat(out).toString(),
    usage: reader.usage(),
    finishReason: reader.finishReason,
    done: reader.done,
    started: reader.started,
    failure: reader.failure ? `${reader.failure.error.code}: ${reader.failure.error.message}` : null,
  };
}

export function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((start, i) => bytes.subarray(start, points[i] ?? bytes.length));
}

/** Data of the events an app gets, the terminator left out. */
export function eventsOf(text: string): Record<string, unknown>[] {
  return createSseDecoder()
    .push(Buffer.from(text))
    .filter((event) => event.data !== '[DONE]')
    .map((event) => JSON.parse(event.data));
}

interface Chunk {
  choices: { delta: { content?: string | null } }[];
  usage?: unknown;
}

export function textOf(events: readonly Record<string, unknown>[]): string {
  return (events as unknown as Chunk[])
    .flatMap(({ choices }) => choices.map((choice) => choice.delta.content ?? ''))
    .join('');
}

export const noHeaders = (): undefined => undefined;
