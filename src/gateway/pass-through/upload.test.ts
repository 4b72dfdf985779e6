import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Upload } from './upload.ts';

interface Part {
  name: string;
  value: string;
  filename?: string;
}

function formOf(parts: readonly Part[]): Buffer {
  const texts = parts.map(({ name, value, filename }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`;
    return `--b\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return Buffer.from(`${texts.join('')}--b--\r\n`);
}

function uploadOf(bytes: Buffer, { size = 7, maxHeldBytes = 1e6, form = true } = {}): Upload {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return new Upload(Readable.from(chunks), {
    boundary: form ? 'b' : null,
    length: bytes.length,
    maxHeldBytes,
  });
}

async function read(body: unknown): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of body as Readable) parts.push(chunk as Buffer);
  return Buffer.concat(parts);
}

const value = fc.string({ maxLength: 60 });
const others = fc.array(fc.record({ name: fc.constantFrom('file', 'prompt', 'models'), value }), {
  maxLength: 3,
});

describe('an upload', () => {
  test('reaches the vendor byte for byte with only its model changed, wherever it stands and however it comes', async () => {
    const question = fc.record({ before: others, after: others, size: fc.integer({ min: 1, max: 90 }) });
    await fc.assert(
      fc.asyncProperty(question, async ({ before, after, size }) => {
        const withModel = (model: string) => formOf([...before, { name: 'model', value: model }, ...after]);
        const upload = uploadOf(withModel('task'), { size });
        await upload.findModel();
        expect(upload.model).toBe('task');
        const { body, length } = upload.open('vendor-name');
        const sent = await read(body);
        expect(sent.equals(withModel('vendor-name'))).toBe(true);
        expect(length).toBe(sent.length);
        expect(upload.sendable).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test('without a model is known to have none at its end, and goes on unchanged', async () => {
    const bytes = formOf([{ name: 'file', value: 'x', filename: 'a' }]);
    const upload = uploadOf(bytes);
    await upload.findModel();
    expect(upload.model).toBeNull();
    expect((await read(upload.open(null).body)).equals(bytes)).toBe(true);
  });

  test('that is no form goes on as it is', async () => {
    const bytes = Buffer.from('--b\r\nanything');
    const upload = uploadOf(bytes, { form: false });
    await upload.findModel();
    expect((await read(upload.open(null).body)).equals(bytes)).toBe(true);
    expect(upload.bytes).toBe(bytes.length);
  });

  test('opened again before its first byte was read is whole again', async () => {
    const bytes = formOf([{ name: 'model', value: 'm' }]);
    const upload = uploadOf(bytes);
    await upload.findModel();
    upload.open('other');
    expect(upload.sendable).toBe(true);
    expect((await read(upload.open('m').body)).equals(bytes)).toBe(true);
  });

  test('with a second model breaks off where that stands', async () => {
    const parts = [
      { name: 'model', value: 'a' },
      { name: 'file', value: 'x'.repeat(500) },
      { name: 'model', value: 'b' },
    ];
    const upload = uploadOf(formOf(parts));
    await upload.findModel();
    await expect(read(upload.open('a').body)).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'model',
    });
  });

  test.each([
    ['is empty', [{ name: 'model', value: '' }]],
    ['is a file', [{ name: 'model', value: 'm', filename: 'm' }]],
    ['is too long', [{ name: 'model', value: 'm'.repeat(1001) }]],
    [
      'stands behind too much',
      [
        { name: 'file', value: 'x'.repeat(3000) },
        { name: 'model', value: 'm' },
      ],
    ],
  ])('whose model %s is refused', async (_, parts) => {
    const upload = uploadOf(formOf(parts), { maxHeldBytes: 2000 });
    await expect(upload.findModel()).rejects.toMatchObject({ code: 'invalid_request', field: 'model' });
  });

  test.each([
    ['is cut', formOf([{ name: 'file', value: 'x' }]).subarray(0, -6), 'invalid_request'],
    ['is no form', Buffer.from('hello '.repeat(5000)), 'invalid_request'],
  ])('that %s is refused', async (_, bytes, code) => {
    await expect(uploadOf(bytes, { maxHeldBytes: 2000 }).findModel()).rejects.toMatchObject({ code });
  });

  test('whose app goes away says so', async () => {
    const source = new Readable({ read() {} });
    const upload = new Upload(source, { boundary: 'b', length: null, maxHeldBytes: 1000 });
    const found = upload.findModel();
    source.destroy();
    await expect(found).rejects.toMatchObject({ code: 'client_left' });
  });
});
