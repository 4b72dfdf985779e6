/** Takes a file that an app uploads as a form: `purpose`, `file` and perhaps `expires_after`, in any order. */
import { TrimtabError } from '../../core/error.ts';
import { MultipartReader, type PartHead, readBoundary } from '../../protocols/multipart.ts';
import type { StoredFile } from '../../store/files.ts';
import type { ControlDeps } from '../deps.ts';
import { FileWriter } from './file-writer.ts';

const DAY_MS = 86_400_000;
const MAX_FIELD_BYTES = 1_000;
const MAX_NAME_CHARS = 255;
/** As OpenAI bounds it (https://platform.openai.com/docs/api-reference/files/create, as known 2026-11-25). */
const MIN_EXPIRES_SECONDS = 3_600;
const MAX_EXPIRES_SECONDS = 2_592_000;

/** Throws invalid_request, unsupported_media_type, file_too_large; then nothing is kept. */
export async function takeUpload(deps: ControlDeps, keyId: string, request: Request): Promise<StoredFile> {
  const boundary = readBoundary(request.headers.get('content-type') ?? undefined);
  if (boundary === null || !request.body)
    throw new TrimtabError('unsupported_media_type', 'A file is sent as `multipart/form-data`.');
  const { store, makeId, clock } = deps;
  const { gateway, retention } = deps.revisions.active().stack;
  const createdAt = clock.now();
  const id = makeId('file');
  const longest = createdAt + retention.filesDays * DAY_MS;
  const form = new UploadForm(gateway.maxFileBytes);
  // Its name and purpose may come last: it is begun without them, where nobody finds it.
  const writer = new FileWriter(store.files, id);
  const file = { id, keyId, filename: '', purpose: 'batch', createdAt, expiresAt: longest };
  await store.files.begin(file);
  try {
    const reader = new MultipartReader(boundary, form);
    for await (const chunk of request.body) {
      reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      for (const bytes of form.take()) await writer.write(bytes);
    }
    reader.end();
    const { filename, expiresAfterMs } = form.check();
    const expiresAt = expiresAfterMs === null ? longest : Math.min(longest, createdAt + expiresAfterMs);
    await store.files.name(id, { filename, expiresAt });
    await writer.finish();
    return { ...file, filename, expiresAt, bytes: writer.bytes };
  } catch (error) {
    await store.files.remove(id);
    throw error;
  }
}

/** Keeps an input file that is here whole. Throws file_too_large. */
export async function keepInput(
  { store, makeId, clock, revisions }: ControlDeps,
  { keyId, filename, content }: { keyId: string; filename: string; content: Buffer },
): Promise<StoredFile> {
  const { gateway, retention } = revisions.active().stack;
  if (content.length > gateway.maxFileBytes) throw tooLarge(gateway.maxFileBytes, 'content');
  const createdAt = clock.now();
  const expiresAt = createdAt + retention.filesDays * DAY_MS;
  const file = { id: makeId('file'), keyId, filename, purpose: 'batch', createdAt, expiresAt };
  await store.files.begin(file);
  const writer = new FileWriter(store.files, file.id);
  await writer.write(content);
  await writer.finish();
  return { ...file, bytes: writer.bytes };
}

class UploadForm {
  readonly #maxBytes: number;
  readonly #fields = new Map<string, string>();
  #filename: string | null = null;
  #part: PartHead | null = null;
  #value: Buffer[] = [];
  #valueBytes = 0;
  #taken: Buffer[] = [];
  #fileBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  began(head: PartHead): void {
    this.#part = head;
    this.#value = [];
    this.#valueBytes = 0;
    if (head.name !== 'file') return;
    if (this.#filename !== null) throw invalid('file', 'The form holds more than one `file`.');
    this.#filename = (head.filename ?? 'upload').slice(-MAX_NAME_CHARS);
  }

  received(bytes: Buffer): void {
    if (this.#part?.name === 'file') {
      this.#fileBytes += bytes.length;
      if (this.#fileBytes > this.#maxBytes) throw tooLarge(this.#maxBytes, 'file');
      this.#taken.push(bytes);
      return;
    }
    this.#valueBytes += bytes.length;
    if (this.#valueBytes > MAX_FIELD_BYTES) throw invalid(this.#part?.name ?? '', 'The field is too long.');
    this.#value.push(bytes);
  }

  ended(): void {
    if (!this.#part || this.#part.name === 'file') return;
    const { name } = this.#part;
    this.#fields.set(name, Buffer.concat(this.#value).toString());
    if (name === 'purpose') this.#checkPurpose();
  }

  /** Bytes of the file that came since the last time. */
  take(): Buffer[] {
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }

  check(): { filename: string; expiresAfterMs: number | null } {
    for (const name of this.#fields.keys())
      if (!KNOWN.has(name)) throw invalid(name, `There is no field \`${name.slice(0, 100)}\`.`);
    if (this.#filename === null) throw invalid('file', 'The form holds no `file`.');
    if (!this.#fields.has('purpose')) throw invalid('purpose', 'The form holds no `purpose`.');
    if (this.#fileBytes === 0) throw invalid('file', 'The file is empty.');
    return { filename: this.#filename, expiresAfterMs: this.#readExpiry() };
  }

  #checkPurpose(): void {
    const purpose = this.#fields.get('purpose') ?? '';
    if (purpose === 'batch') return;
    throw invalid(
      'purpose',
      `Only files of the purpose \`batch\` are kept here, not \`${purpose.slice(0, 100)}\`: send others to the vendor that uses them.`,
    );
  }

  #readExpiry(): number | null {
    const text = this.#fields.get('expires_after[seconds]');
    const anchor = this.#fields.get('expires_after[anchor]') ?? 'created_at';
    if (anchor !== 'created_at') throw invalid('expires_after.anchor', 'The anchor must be `created_at`.');
    if (text === undefined) return null;
    const seconds = Number(text);
    if (!Number.isInteger(seconds) || seconds < MIN_EXPIRES_SECONDS || seconds > MAX_EXPIRES_SECONDS)
      throw invalid(
        'expires_after.seconds',
        `The seconds must be a whole number from ${MIN_EXPIRES_SECONDS} to ${MAX_EXPIRES_SECONDS}.`,
      );
    return seconds * 1000;
  }
}

const KNOWN = new Set(['purpose', 'expires_after[anchor]', 'expires_after[seconds]']);

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('invalid_request', message, { field: field.slice(0, 100) });
}

function tooLarge(maxBytes: number, field: string): TrimtabError {
  return new TrimtabError('file_too_large', `The file is larger than ${maxBytes} bytes.`, { field });
}
