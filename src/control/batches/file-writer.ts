import type { FileStore, StoredFile } from '../../store/files.ts';

export const CHUNK_BYTES = 1024 * 1024;

/** Writes a file in chunks, in memory of one or two of them. Nobody finds it before {@link finish}. */
export class FileWriter {
  readonly #files: FileStore;
  readonly #id: string;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #seq = 0;
  #bytes = 0;

  constructor(files: FileStore, id: string) {
    this.#files = files;
    this.#id = id;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#parts.push(bytes);
    this.#heldBytes += bytes.length;
    this.#bytes += bytes.length;
    while (this.#heldBytes >= CHUNK_BYTES) await this.#flush(CHUNK_BYTES);
  }

  async finish(): Promise<void> {
    if (this.#heldBytes > 0) await this.#flush(this.#heldBytes);
    await this.#files.finish(this.#id, this.#bytes);
  }

  async #flush(length: number): Promise<void> {
    const all = Buffer.concat(this.#parts);
    await this.#files.append(this.#id, this.#seq++, all.subarray(0, length));
    this.#parts = length < all.length ? [all.subarray(length)] : [];
    this.#heldBytes = all.length - length;
  }
}

/** Its bytes, chunk by chunk. */
export async function* readFile(files: FileStore, { id }: Pick<StoredFile, 'id'>): AsyncGenerator<Buffer> {
  for (let seq = 0; ; seq++) {
    const chunk = await files.read(id, seq);
    if (!chunk) return;
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
