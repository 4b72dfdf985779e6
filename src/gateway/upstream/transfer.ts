import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export type UpstreamHeaders = IncomingHttpHeaders;

/** What becomes of a request that was sent. After `ended` or `broke` nothing more is called. */
export interface TransferListener {
  /** A connection stands and the request goes out. */
  sent(): void;
  /** The status and headers of the answer; informational ones are left out. */
  headed(status: number, headers: UpstreamHeaders): void;
  received(chunk: Buffer): void;
  ended(): void;
  broke(error: Error): void;
}

const RELEASED = new Error('The gateway let go of this transfer');

/**
 * One request on the wire. undici calls the handler methods; a throw inside one silently aborts the stream, so each
 * is wrapped and a throw becomes `broke`. Once {@link release}d it listens to nobody, and what still arrives is
 * dropped with the connection.
 */
export class Transfer implements Dispatcher.DispatchHandler {
  #listener: TransferListener | null;
  #controller: Dispatcher.DispatchController | null = null;
  /** The vendor's answer is complete or failed: nothing is left to abort. */
  #over = false;
  #aborted = false;

  constructor(listener: TransferListener) {
    this.#listener = listener;
  }

  get released(): boolean {
    return this.#aborted;
  }

  get over(): boolean {
    return this.#over;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Listens no more, but lets the answer run out, so that the connection can be used again. */
  detach(): void {
    this.#listener = null;
  }

  /** Cancels the request. Harmless when it is over. */
  release(): void {
    this.#listener = null;
    if (this.#over || this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(RELEASED);
  }

  /** The request could not be handed to undici at all. */
  fail(error: Error): void {
    this.#over = true;
    const listener = this.#listener;
    this.#listener = null;
    listener?.broke(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(RELEASED);
    else this.#guard(() => this.#listener?.sent());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    if (status >= 200) this.#guard(() => this.#listener?.headed(status, headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    try {
      this.#listener?.received(chunk);
    } catch (error) {
      this.#broken(error);
    }
  }

  onResponseEnd(): void {
    this.#over = true;
    this.#guard(() => this.#listener?.ended());
    this.#listener = null;
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    const listener = this.#listener;
    this.release();
    listener?.broke(error instanceof Error ? error : new Error(String(error)));
  }
}
