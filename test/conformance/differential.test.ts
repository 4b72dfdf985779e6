/**
 * The wire bytes of every vendor, cut into chunks: the official client behind Trimtab decodes what it decodes pointed
 * straight at the recording; through a translation, what the client of the vendor's own protocol decodes there.
 *
 * Each recording is cut into pieces of {@link PIECE_BYTES}, as often as there are places for the first cut, so that every
 * boundary between two bytes is a cut once; and in two at a seeded sample of boundaries. What reads the same bytes with the
 * same reader again, for another client, meets every fourth of these.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { deployment, KEY, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { cutAt, fixtureTypes, loadFixture, readFixture } from '../providers/support.ts';
import { startUpstream } from '../support/upstream.ts';
import type { Endpoint } from './clients.ts';
import { type Client, DECODERS, type Decoded } from './decoders.ts';

const PIECE_BYTES = 16;
const PAIRS = 4;
const SEED = 20261125;

interface Recording {
  /** Provider type. */
  type: string;
  file: string;
  /** A client of the protocol the bytes are in. */
  own: Client;
}

const CHAT: Recording[] = fixtureTypes()
  .filter((type) => loadFixture(type).provider.translated.length === 0)
  .flatMap((type) => recordings(type, ['plain.txt', 'stream.sse'], 'openai chat'));
const CHAT_TOOLS = recordings('openai', ['tools.txt', 'tools.sse'], 'openai chat');
const RESPONSES = recordings('openai', ['responses.txt', 'responses.sse'], 'openai responses');
const MESSAGES = recordings(
  'anthropic',
  ['plain.txt', 'stream.sse', 'tools.txt', 'tools.sse'],
  'anthropic messages',
);
/** Chat as the vendors differ: usage in the last chunk or its own, null members, comments, CRLF, reasoning, tools. */
const CHAT_KINDS = [
  ...CHAT.filter(({ type }) => ['openai', 'deepseek', 'groq', 'vllm'].includes(type)),
  ...CHAT_TOOLS,
];

function recordings(type: string, files: string[], own: Client): Recording[] {
  return files.map((file) => ({ type, file, own }));
}

function pairs(through: Client[], all: readonly Recording[]): (Recording & { client: Client })[] {
  return through.flatMap((client) => all.map((recording) => ({ ...recording, client })));
}

/** They read no reasoning a chat deployment gives: one knows none in chat, the other only summaries of it. */
const READS_NO_THOUGHT: readonly Client[] = ['ai chat', 'ai responses'];

const isStream = ({ file }: Recording): boolean => file.endsWith('.sse');

/** A vendor that answers anything with the recording in the chunks of the moment, and a gateway before it. */
async function play({ type, ...recording }: Recording) {
  const stream = isStream({ type, ...recording });
  const bytes = readFixture(type, recording.file);
  const upstream = await startUpstream(onTestFinished);
  let chunks: readonly Buffer[] = [bytes];
  upstream.answer = (_call, response) => {
    response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
    // Each chunk leaves before the next is written, so that the reader may meet them one by one.
    const send = (index: number): void => {
      const chunk = chunks[index];
      if (chunk) response.write(chunk, () => setImmediate(send, index + 1));
      else response.end();
    };
    send(0);
  };
  const baseUrl = type === 'anthropic' ? new URL(upstream.baseUrl).origin : upstream.baseUrl;
  const { provider: vendor, note } = loadFixture(type);
  const gateway = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: provider(baseUrl, { type, options: vendor.parseOptions({}) }) },
      deployments: { a: deployment('vendor', { model: note.model }) },
      tasks: { reply: task(['a']) },
    }),
  });
  const straight: Endpoint = { baseUrl: upstream.baseUrl, key: KEY };
  const behind: Endpoint = { baseUrl: gateway.baseUrl, key: KEY };
  const behindInChunks = (client: Client, cuts: readonly number[]): Promise<Decoded> => {
    chunks = cutAt(bytes, cuts);
    return DECODERS[client](behind, stream);
  };
  return { bytes, stream, straight, behindInChunks, records: gateway.records };
}

/** Lists of cuts, each for one reading; of all of them the first and every `stride`th after it. */
function cutsOf(length: number, stride: number): number[][] {
  return [...allCuts(length)].filter((_, index) => index % stride === 0);
}

function* allCuts(length: number): Generator<number[]> {
  for (let first = 1; first <= PIECE_BYTES; first++) {
    const cuts = Math.ceil((length - first) / PIECE_BYTES);
    if (cuts > 0) yield Array.from({ length: cuts }, (_, index) => first + index * PIECE_BYTES);
  }
  let state = SEED;
  for (let count = 0; count < PAIRS; count++) {
    // The generator of Numerical Recipes: any sample will do, as long as it is the same each time.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield [1 + (state % (length - 1))];
  }
}

describe('the same protocol on both sides', () => {
  const cases = [
    ...[...CHAT, ...CHAT_TOOLS, ...RESPONSES, ...MESSAGES].map((recording) => ({
      ...recording,
      client: recording.own,
    })),
    ...pairs(['ai chat'], CHAT_KINDS),
    ...pairs(['ai responses'], RESPONSES),
    ...pairs(['ai messages'], MESSAGES),
  ];
  test.each(cases)('$client: $type/$file', async ({ client, ...recording }) => {
    const { bytes, stream, straight, behindInChunks, records } = await play(recording);
    const expected = await DECODERS[client](straight, stream);
    const { text, calls, usage } = expected.facts;
    expect(text.length).toBeGreaterThan(3);
    if (/tools|responses/.test(recording.file)) expect(calls.length).toBeGreaterThan(0);
    for (const cuts of cutsOf(bytes.length, client === recording.own ? 1 : 4)) {
      const { whole } = await behindInChunks(client, cuts);
      expect(whole, `cut at ${cuts.join(' ')}`).toEqual(expected.whole);
    }
    for (const record of records) {
      expect(record.outcome).toBe('ok');
      if (usage) expect(record.usage).toMatchObject({ inputTokens: usage.input, outputTokens: usage.output });
    }
  });
});

describe('translated', () => {
  const cases = [
    ...pairs(['openai chat', 'openai responses', 'ai chat'], MESSAGES),
    ...pairs(['anthropic messages', 'ai messages'], CHAT_KINDS),
    ...pairs(
      ['openai responses', 'ai responses'],
      CHAT_KINDS.filter(({ type }) => type !== 'openai'),
    ),
  ];
  test.each(cases)('$client from $type/$file', async ({ client, ...recording }) => {
    const { bytes, stream, straight, behindInChunks } = await play(recording);
    const { facts: all } = await DECODERS[recording.own](straight, stream);
    const expected = READS_NO_THOUGHT.includes(client) ? { ...all, thought: '' } : all;
    for (const cuts of cutsOf(bytes.length, client === 'openai chat' ? 1 : 4)) {
      const { facts } = await behindInChunks(client, cuts);
      expect(facts, `cut at ${cuts.join(' ')}`).toEqual(expected);
    }
  });
});
