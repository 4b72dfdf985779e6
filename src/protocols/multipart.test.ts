import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MultipartReader, type PartHead, readBoundary } from './multipart.ts';

interface Read extends PartHead {
  bytes: Buffer;
  at: number | null;
}

function read(body: Buffer, boundary: string, cuts: readonly number[] = []): Read[] {
  const parts: Read[] = [];
  let ended = true;
  const reader = new MultipartReader(boundary, {
    began: (head) => {
      expect(ended).toBe(true);
      ended = false;
      parts.push({ ...head, bytes: Buffer.alloc(0), at: null });
    },
    received: (bytes, at) => {
      const part = parts.at(-1) as Read;
      part.at ??= at;
      part.bytes = Buffer.concat([part.bytes, bytes]);
    },
    ended: () => {
      ended = true;
    },
  });
  let from = 0;
  for (const cut of [...new Set(cuts.map((cut) => cut % (body.length + 1))), body.length].sort(
    (a, b) => a - b,
  )) {
    reader.push(body.subarray(from, cut));
    from = cut;
  }
  reader.end();
  expect(ended).toBe(true);
  return parts;
}

const field = fc.record({
  name: fc.stringMatching(/^[a-z_[\]]{1,12}$/),
  value: fc.oneof(
    fc.string(),
    fc.constantFrom('', '\r\n', '--x', '\r\n--', '--', '\r\n\r\n'),
    fc.uint8Array({ maxLength: 300 }),
  ),
  file: fc.boolean(),
});

test('what a form holds is read, however its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(field, { maxLength: 5 }), fc.array(fc.nat()), async (fields, cuts) => {
      const form = new FormData();
      for (const { name, value, file } of fields) {
        if (file || typeof value !== 'string') form.append(name, new Blob([value as string]), 'a "b".bin');
        // Forms normalise line breaks of texts.
        else form.append(name, value.replace(/\r\n?|\n/g, '\r\n'));
      }
      const response = new Response(form);
      const boundary = readBoundary(response.headers.get('content-type') ?? '') as string;
      const body = Buffer.from(await response.arrayBuffer());
      const parts = read(body, boundary, cuts);
      const wanted = await Promise.all(
        [...form.entries()].map(async ([name, value]) => ({
          name,
          filename: typeof value === 'string' ? null : value.name,
          bytes: Buffer.from(await new Response(value).arrayBuffer()),
        })),
      );
      expect(parts.map(({ name, filename, bytes }) => ({ name, filename, bytes }))).toEqual(wanted);
      for (const { at, bytes } of parts)
        if (at !== null) expect(body.subarray(at, at + bytes.length).equals(bytes)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe('what is no form', () => {
  const form = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'));
  test.each([
    ['nothing', ''],
    ['no end', '--b\ncontent-disposition: form-data; name="a"\n\nx'],
    ['no name', '--b\ncontent-disposition: form-data\n\nx\n--b--\n'],
    ['not form data', '--b\ncontent-disposition: attachment; name="a"\n\nx\n--b--\n'],
    ['two names', '--b\ncontent-disposition: form-data; name="a"; name="b"\n\nx\n--b--\n'],
    ['a name in an encoding', '--b\ncontent-disposition: form-data; name="a"; name*=b\n\nx\n--b--\n'],
    [
      'two dispositions',
      '--b\ncontent-disposition: form-data; name="a"\nContent-Disposition: form-data; name="b"\n\nx\n--b--\n',
    ],
    ['an open quote', '--b\ncontent-disposition: form-data; filename="; name="b\n\nx\n--b--\n'],
    ['a boundary with a tail', '--bb\ncontent-disposition: form-data; name="a"\n\nx\n--b--\n'],
    ['a head without end', `--b\n${'x'.repeat(20_000)}`],
    ['too many parts', `${'--b\ncontent-disposition: form-data; name="a"\n\nx\n'.repeat(101)}--b--`],
  ])('%s is refused', (_, text) => {
    expect(() => read(form(text), 'b')).toThrow(/not valid `multipart\/form-data`/);
  });

  test('a name inside the quotes of another parameter is none', () => {
    const [part] = read(
      form('--b\ncontent-disposition: form-data; filename="; name=a"; name=c\n\nx\n--b--\n'),
      'b',
    );
    expect(part).toMatchObject({ name: 'c', filename: '; name=a' });
  });

  test('a content type without boundary is refused, and another type is none', () => {
    expect(() => readBoundary('multipart/form-data')).toThrow('names no boundary');
    expect(readBoundary('application/json')).toBeNull();
    expect(readBoundary('Multipart/Form-Data; charset=x; boundary="a b"')).toBe('a b');
  });
});
