import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseDecoder, encodeSse, findEventEnd, type SseEvent } from './sse.ts';

function decode(chunks: Buffer[]): SseEvent[] {
  const decoder = createSseDecoder();
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

function cutAt(bytes: Buffer, cuts: number[]): Buffer[] {
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((start, i) => bytes.subarray(start, points[i] ?? bytes.length));
}

describe('createSseDecoder', () => {
  test.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['a byte-order mark', '\uFEFFdata: a\n\n', ['a']],
    ['a comment', ': keep-alive\n\n:\ndata: a\n\n', ['a']],
    ['data on several lines', 'data: a\ndata:\ndata: b\n\n', ['a\n\nb']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['a field without colon', 'data\n\n', ['']],
    ['an event without data', 'event: ping\n\ndata: a\n\n', ['a']],
    ['an event that was cut', 'data: a\n\ndata: b\n', ['a']],
  ])('reads %s', (_, text, data) => {
    expect(decode([Buffer.from(text)]).map((event) => event.data)).toEqual(data);
  });

  test('reads event and id', () => {
    expect(decode([Buffer.from('event: error\nid: 7\ndata: x\n\n')])).toEqual([
      { event: 'error', data: 'x', id: '7' },
    ]);
  });

  test('says whether bytes of an incomplete event are held', () => {
    const decoder = createSseDecoder();
    decoder.push(Buffer.from('data: a\n'));
    expect(decoder.pending).toBe(true);
    decoder.push(Buffer.from('\n'));
    expect(decoder.pending).toBe(false);
  });

  test('gives the same events for every re-chunking', () => {
    const line = fc.constantFrom(
      'data: né 日本 🚀',
      'data: {"a":1}',
      'event: x',
      'id: 1',
      ': c',
      '',
      '',
      'data',
    );
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, end), { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map(([text, ending]) => text + ending).join(''));
          expect(decode(cutAt(bytes, cuts))).toEqual(decode([bytes]));
        },
      ),
    );
  });
});

describe('encodeSse', () => {
  test('is read back as it was', () => {
    const data = fc.string().map((text) => text.replace(/\r\n?/g, '\n').replace(/^\uFEFF/, ''));
    const name = fc.option(fc.stringMatching(/^[a-z_.]{1,20}$/));
    fc.assert(
      fc.property(fc.array(fc.record({ data, event: name, id: name })), (events) => {
        expect(decode([Buffer.from(events.map(encodeSse).join(''))])).toEqual(events);
      }),
    );
  });
});

describe('findEventEnd', () => {
  test.each([
    ['data: a\n\ndata: b', 9],
    ['data: a\r\n\r\ndata: b', 11],
    ['data: a\ndata: b\n\n', 17],
    ['data: a\n', -1],
    ['data: a\r\n\r', -1],
    ['', -1],
  ])('of %j is %i', (text, end) => {
    expect(findEventEnd(Buffer.from(text), 0)).toBe(end);
  });
});

test('strict: another protocol ends the stream, whatever its chunks, and what is held is counted', () => {
  const bytes = Buffer.from('data: a\n\nHTTP/1.1 502 Bad Gateway\n\ndata: b\n\n');
  for (let size = 1; size <= bytes.length; size++) {
    const decoder = createSseDecoder({ strict: true });
    const events = [];
    for (let at = 0; at < bytes.length; at += size)
      events.push(...decoder.push(bytes.subarray(at, at + size)));
    expect(events.map(({ data }) => data)).toEqual(['a']);
    expect(decoder.foreign).toBe(true);
  }
  const decoder = createSseDecoder();
  decoder.push(Buffer.from('data: 12345\ndata: 67'));
  expect(decoder.pendingChars).toBe(5 + 'data: 67'.length);
  decoder.push(Buffer.from('\n\n'));
  expect(decoder.pendingChars).toBe(0);
});
