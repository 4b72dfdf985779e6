import type { CallRecord } from '../core/call-record.ts';

/**
 * Where the gateway puts a finished call. `take` returns only after the record is in the spool file (written, in the
 * page cache: it survives the death of the process), and the gateway calls it before the client gets the last byte
 * of the answer. So a call a client saw finish is a call on disk.
 */
export interface Recorder {
  /** Appends one record. Never throws: trouble shows in {@link state} and is logged. */
  take(record: CallRecord): void;
  /** `full`: records cannot be written (disk full, or over `spool.maxBytes`); admission then follows `spool.whenFull`. */
  readonly state: 'ok' | 'full';
  /** Closes the file. Records already taken stay. */
  close(): void;
}
