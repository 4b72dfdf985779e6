/** An error as the vendor answers it: `{"error": {"message", "type", "param", "code"}}`. */
export class VendorError extends Error {
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(status: number, message: string, details: { param?: string; code?: string } = {}) {
    super(message);
    this.name = 'VendorError';
    this.status = status;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
  }
}

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** The error's body. `type` follows the status as OpenAI's does. */
export function errorBody(error: VendorError): string {
  const type = TYPES[error.status] ?? (error.status >= 500 ? 'server_error' : 'invalid_request_error');
  return JSON.stringify({
    error: { message: error.message, type, param: error.param, code: error.code },
  });
}
