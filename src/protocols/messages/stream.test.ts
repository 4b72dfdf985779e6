import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseDecoder } from '../../core/sse.ts';
import type { StreamReader } from '../../providers/provider.ts';
import { type Asked, toMessage } from './answer.ts';
import { MessagesOverChatReader } from './stream.ts';

const ASKED: Asked = { model: 'm', stopSequences: ['END'], thinking: true };
const USAGE = { inputTokens: 50, outputTokens: 9, cacheReadTokens: 20 };

/** A vendor's reader that passes on what it is given and ends at `[DONE]`. */
function vendorReader(): StreamReader {
  return {
    done: false,
    started: true,
    failure: null,
    finishReason: 'stop',
    push(chunk) {
      if (chunk.includes('[DONE]')) Object.assign(this, { done: true });
      return chunk;
    },
    end: () => null,
    usage: () => USAGE,
  };
}

interface Block {
  type: string;
  text?: string;
  thinking?: string;
  input?: unknown;
  json?: string;
}

interface Event {
  type: string;
  index: number;
  message: object;
  content_block: Block;
  delta: { type: string; text: string; thinking: string; partial_json: string };
  usage: object;
}

/** The message that a client puts together from the events. Throws where the order is wrong. */
function assemble(text: string): { content: Block[] } & Record<string, unknown> {
  let message: Record<string, unknown> = {};
  const content: Block[] = [];
  let open = false;
  for (const { data } of createSseDecoder().push(Buffer.from(text))) {
    const event = JSON.parse(data) as Event;
    const block = content.at(-1);
    if (event.type === 'message_start') message = { ...event.message };
    if (event.type.startsWith('content_block_')) expect(event.type === 'content_block_start').toBe(!open);
    if (event.type === 'content_block_start') {
      expect(event.index).toBe(content.length);
      content.push({ ...event.content_block });
      open = true;
    } else if (event.type === 'content_block_delta' && block) {
      expect(event.index).toBe(content.length - 1);
      if (event.delta.type === 'text_delta') block.text += event.delta.text;
      if (event.delta.type === 'thinking_delta') block.thinking += event.delta.thinking;
      if (event.delta.type === 'input_json_delta') block.json = (block.json ?? '') + event.delta.partial_json;
    } else if (event.type === 'content_block_stop' && block) {
      open = false;
      if (block.type === 'tool_use') block.input = JSON.parse(block.json ?? '{}');
      delete block.json;
    } else if (event.type === 'message_delta') {
      expect(open).toBe(false);
      message = { ...message, ...event.delta, usage: { ...(message.usage as object), ...event.usage } };
    }
  }
  return { ...message, content };
}

function cutText(text: string, cuts: readonly number[]): string[] {
  const points = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((start, i) => text.slice(start, points[i] ?? text.length));
}

const answers = fc.record({
  thought: fc.string({ maxLength: 20 }),
  text: fc.string({ unit: 'grapheme', maxLength: 30 }),
  refusal: fc.constantFrom('', '', '', 'No.'),
  calls: fc.array(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 3 }), {
    maxLength: 3,
  }),
  finish: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter'),
  sequence: fc.constantFrom(undefined, 'END', 'other', 5),
  sameIndex: fc.boolean(),
  cuts: fc.array(fc.nat(), { maxLength: 8 }),
});

describe('a stream', () => {
  test('puts together what the plain answer says', () => {
    fc.assert(
      fc.property(answers, ({ thought, text, refusal, calls, finish, sequence, sameIndex, cuts }) => {
        const texts = calls.map((input) => JSON.stringify(input));
        const head = (i: number) => ({
          id: `c${i}`,
          type: 'function',
          function: { name: 'f', arguments: '' },
        });
        const tool_calls = texts.map((json, i) => ({ ...head(i), function: { name: 'f', arguments: json } }));
        const stop = { finish_reason: finish, stop_reason: sequence };
        const message = { role: 'assistant', content: text, reasoning_content: thought, refusal, tool_calls };
        const completion = { id: 'x', model: 'vendor-model', choices: [{ index: 0, message, ...stop }] };
        const plain = toMessage(Buffer.from(JSON.stringify(completion)), USAGE, ASKED);

        const deltas: object[] = [
          { role: 'assistant', content: '' },
          ...cutText(thought, cuts).map((part) => ({ reasoning_content: part })),
          ...cutText(text, cuts).map((part) => ({ content: part })),
          { refusal },
          ...texts.flatMap((json, i) => [
            { tool_calls: [{ index: sameIndex ? 0 : i, ...head(i) }] },
            ...cutText(json, cuts).map((part) => ({
              tool_calls: [{ index: sameIndex ? 0 : i, function: { arguments: part } }],
            })),
          ]),
        ];
        const chunk = (choice: object): string =>
          `data: ${JSON.stringify({ id: 'x', model: 'vendor-model', choices: [{ index: 0, ...choice }] })}\n\n`;
        const reader = new MessagesOverChatReader(vendorReader(), ASKED, { messages: [] });
        const parts = [
          ...deltas.map((delta) => chunk({ delta })),
          chunk({ delta: {}, ...stop }),
          'data: [DONE]\n\n',
        ];
        const out = parts.map((part) => reader.push(Buffer.from(part))?.toString() ?? '').join('');
        expect(reader.failure).toBeNull();
        expect(assemble(out)).toEqual(JSON.parse(String(plain?.body)));
        expect(reader.finishReason).toBe(plain?.stopReason);
        expect(reader.done).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

const interleaved = fc.record({
  calls: fc.array(
    fc.record({
      input: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 3 }),
      indent: fc.constantFrom(0, 1),
      cuts: fc.array(fc.nat(), { maxLength: 5 }),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  picks: fc.array(fc.nat(), { maxLength: 40 }),
});

test('pieces of parallel calls in any order give the message of the calls one after the other', () => {
  const read = (pieces: readonly object[]) => {
    const reader = new MessagesOverChatReader(vendorReader(), ASKED, { messages: [] });
    const chunks = pieces.map((piece) =>
      JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { tool_calls: [piece] } }] }),
    );
    const out = [...chunks, '[DONE]'].map((data) => reader.push(Buffer.from(`data: ${data}\n\n`)) ?? '');
    expect(reader.failure).toBeNull();
    return assemble(out.join(''));
  };
  fc.assert(
    fc.property(interleaved, ({ calls, picks }) => {
      const sequences = calls.map(({ input, indent, cuts }, index) => [
        { index, id: `c${index}`, function: { name: 'f', arguments: '' } },
        // A blank before the object and, with an indent, in it: pieces may begin with one.
        ...cutText(` ${JSON.stringify(input, null, indent)}\n`, cuts).map((json) => ({
          index,
          function: { arguments: json },
        })),
      ]);
      const mixed: object[] = sequences.flatMap(([head]) => head ?? []);
      const left = sequences.map((pieces) => pieces.slice(1));
      for (let turn = 0; left.some((pieces) => pieces.length > 0); turn++) {
        const waiting = left.filter((pieces) => pieces.length > 0);
        mixed.push(waiting[(picks[turn] ?? 0) % waiting.length]?.shift() ?? {});
      }
      expect(read(mixed)).toEqual(read(sequences.flat()));
      const { content } = read(mixed);
      expect(content.map(({ input }) => JSON.stringify(input))).toEqual(
        calls.map(({ input }) => JSON.stringify(JSON.parse(JSON.stringify(input)))),
      );
    }),
    { numRuns: 100 },
  );
});

test('a plain answer whose tool input is no JSON is refused, unless it was cut short', () => {
  const of = (finish: string) =>
    toMessage(
      Buffer.from(
        JSON.stringify({
          choices: [
            {
              message: { content: 'x', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"a' } }] },
              finish_reason: finish,
            },
          ],
        }),
      ),
      USAGE,
      ASKED,
    );
  expect(of('tool_calls')).toBeNull();
  expect(JSON.parse(String(of('length')?.body))).toMatchObject({
    content: [{ type: 'text' }],
    stop_reason: 'max_tokens',
  });
});
