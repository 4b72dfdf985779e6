/** Structured log lines. Fields never hold a credential, a virtual key, a header value or a payload. */
export interface Logger {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Says nothing. For tests and for in-process use without a logger. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} };
