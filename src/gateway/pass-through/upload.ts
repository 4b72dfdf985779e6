import { Readable } from 'node:stream';
import { TrimtabError } from '../../core/error.ts';
import { MultipartReader, type PartHead } from '../../protocols/multipart.ts';
import { invalidField } from '../../protocols/request.ts';
import type { OpenedBody, OwnBody } from './own-body.ts';

export interface UploadOptions {
  /** Of a form in which a model may stand; `null`: nothing is read in it. */
  boundary: string | null;
  /** Announced bytes; `null`: not announced. */
  length: number | null;
  /** Bytes held at most while the model is looked for. */
  maxHeldBytes: number;
}

/** What an upload tells the attempt that sends it. */
export interface UploadListener {
  /** The vendor takes more, and the app has not sent it yet. */
  wanted(): void;
  /** Bytes went on, or the vendor is still busy with those before. */
  given(): void;
  /** The vendor has been given all of it. */
  uploaded(): void;
}

const MAX_MODEL_BYTES = 1_000;

/**
 * A body that is sent on as it comes, at the pace of the vendor, in memory of a few chunks. Of a form, what stands before
 * the model is held until the model is read, and a second model is refused wherever it stands: a vendor might read
 * that one.
 */
export class Upload implements OwnBody {
  readonly fields = {};
  model: string | null = null;
  /** Bytes taken from the app so far. */
  bytes = 0;
  listener: UploadListener | null = null;
  readonly #source: Readable;
  readonly #options: UploadOptions;
  readonly #form: MultipartReader | null;
  #held: Buffer[] = [];
  #sink: Readable | null = null;
  #touched = false;
  #ended = false;
  #failure: Error | null = null;
  #part: PartHead | null = null;
  #value: Buffer[] = [];
  /** Where the model stands in the body, end exclusive. */
  #span: [start: number, end: number] | null = null;
  #found: { resolve: () => void; reject: (error: Error) => void } | null = null;

  constructor(source: Readable, options: UploadOptions) {
    this.#source = source;
    this.#options = options;
    this.#form = options.boundary === null ? null : new MultipartReader(options.boundary, this);
    source.on('data', (chunk: Buffer) =>
      this.#take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
    );
    source.on('end', () => this.#end());
    source.on('error', () => this.#left());
    source.on('close', () => this.#left());
    source.pause();
  }

  get sendable(): boolean {
    return !this.#touched;
  }

  /** Reads on until the model is known, or it is known that there is none. Rejects with invalid_request, client_left. */
  findModel(): Promise<void> {
    if (!this.#form) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#found = { resolve, reject };
      this.#source.resume();
    });
  }

  open(model: string | null): OpenedBody {
    const replacement = model === null || model === this.model || !this.#span ? null : Buffer.from(model);
    const sink = new Readable({ read: () => this.#give(sink, replacement) });
    this.#sink = sink;
    const { length } = this.#options;
    if (length === null) return { body: sink, length };
    const [start, end] = this.#span ?? [0, 0];
    return { body: sink, length: replacement ? length + replacement.length - (end - start) : length };
  }

  /** Nobody wants it any more: the rest is read past, so that the app sees its answer. */
  drop(): void {
    this.#sink = null;
    this.#held = [];
    this.listener = null;
    this.#source.removeAllListeners('data');
    this.#source.resume();
  }

  began(head: PartHead): void {
    this.#part = head;
    this.#value = [];
    if (head.name !== 'model') return;
    if (this.#span) throw invalidField('model', '`model` stands more than once in the form; send it once.');
    if (head.filename !== null) throw invalidField('model', '`model` must be a text, not a file.');
    this.#span = [-1, -1];
  }

  received(bytes: Buffer, at: number): void {
    if (this.#part?.name !== 'model' || !this.#span) return;
    if (this.#span[0] < 0) this.#span[0] = at;
    this.#span[1] = at + bytes.length;
    this.#value.push(bytes);
    if (this.#span[1] - this.#span[0] > MAX_MODEL_BYTES)
      throw invalidField('model', `\`model\` is longer than ${MAX_MODEL_BYTES} bytes.`);
  }

  ended(): void {
    if (this.#part?.name !== 'model') return;
    const text = Buffer.concat(this.#value).toString();
    if (text === '') throw invalidField('model', '`model` must be a text that is not empty.');
    this.model = text;
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length;
    try {
      this.#form?.push(chunk);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#touched) {
      this.listener?.given();
      if (this.#sink?.push(chunk) === false) this.#source.pause();
      return;
    }
    this.#held.push(chunk);
    if (this.model !== null) this.#know();
    else if (this.#form && this.bytes > this.#options.maxHeldBytes) {
      const text = `\`model\` does not stand in the first ${this.#options.maxHeldBytes} bytes of the form; send it before the file, or raise \`gateway.maxBodyBytes\`.`;
      this.#fail(invalidField('model', text));
    }
  }

  #end(): void {
    this.#ended = true;
    try {
      this.#form?.end();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#know();
    if (this.#touched) this.#finish();
  }

  #know(): void {
    if (!this.#ended) this.#source.pause();
    this.#found?.resolve();
    this.#found = null;
  }

  /** The connection takes bytes: first those held, then as they come. */
  #give(sink: Readable, replacement: Buffer | null): void {
    if (sink !== this.#sink) return;
    if (this.#failure) {
      sink.destroy(this.#failure);
      return;
    }
    this.#touched = true;
    const held = this.#held;
    this.#held = [];
    for (const chunk of this.#spliced(held, replacement)) sink.push(chunk);
    if (held.length > 0) this.listener?.given();
    if (this.#ended) this.#finish();
    else if (held.length === 0) {
      this.listener?.wanted();
      this.#source.resume();
    }
  }

  #spliced(held: Buffer[], replacement: Buffer | null): Buffer[] {
    if (!replacement || !this.#span || held.length === 0) return held;
    const whole = Buffer.concat(held);
    const [start, end] = this.#span;
    return [whole.subarray(0, start), replacement, whole.subarray(end)];
  }

  #finish(): void {
    this.#sink?.push(null);
    this.#sink = null;
    this.listener?.uploaded();
  }

  #left(): void {
    if (this.#ended) return;
    this.#fail(new TrimtabError('client_left', 'The client broke its upload off.'));
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#source.pause();
    this.#found?.reject(error);
    this.#found = null;
    if (this.#touched) this.#sink?.destroy(error);
  }
}
