import type { Readable } from 'node:stream';

/** What an attempt sends. */
export interface OpenedBody {
  body: Buffer | Readable | null;
  /** Bytes; `null`: not known before its end. */
  length: number | null;
}

export interface OwnBody {
  /** What it names as model; `null`: nothing. */
  readonly model: string | null;
  /** Members of a JSON body; of any other none are read. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether it can be sent, still or again. */
  readonly sendable: boolean;
  /** For an attempt. `model`: what it is to ask for; `null`: what the app wrote. */
  open(model: string | null): OpenedBody;
}
