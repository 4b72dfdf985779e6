/** An errand of a provider before an attempt's request, sent by the same way and with the same pass. */
import { TrimtabError } from '../../core/error.ts';
import type { Errand, Failure } from '../../providers/provider.ts';
import type { TransferListener, UpstreamHeaders } from '../upstream/transfer.ts';
import { toFailure, toTrouble } from '../upstream/trouble.ts';

/** A token is some kilobytes. */
const MAX_ANSWER_BYTES = 256 * 1024;

export interface ErrandEnd {
  /** Name of the deployment, for messages. */
  deployment: string;
  /** `null`: the attempt goes on. */
  over(failure: Failure | null): void;
}

/** Collects the answer; ends once, whatever happens. */
export class ErrandListener implements TransferListener {
  readonly #errand: Errand;
  readonly #end: ErrandEnd;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: UpstreamHeaders = {};
  #isOver = false;

  constructor(errand: Errand, end: ErrandEnd) {
    this.#errand = errand;
    this.#end = end;
  }

  sent(): void {}

  headed(status: number, headers: UpstreamHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  received(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
    else this.#lose(toFailure(new TrimtabError('upstream_malformed', 'A token was answered with too much.')));
  }

  ended(): void {
    this.#finish(() =>
      this.#errand.read(this.#status, Buffer.concat(this.#chunks), (name) => {
        const value = this.#headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      }),
    );
  }

  broke(error: Error): void {
    this.#lose(toTrouble(error, this.#end.deployment, this.#status !== 0));
  }

  #lose(failure: Failure): void {
    this.#finish(() => this.#errand.lost(failure));
  }

  #finish(read: () => Failure | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.over(read());
  }
}
