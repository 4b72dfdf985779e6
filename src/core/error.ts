/**
 * The closed catalogue of errors a caller can meet. One row each: HTTP status, the family the OpenAI and Anthropic
 * error shapes want, whether the same request may succeed later, and what to do. `docs/errors.md` lists the same
 * codes; a test compares the two.
 */
export const ERRORS = {
  missing_key: row([
    401,
    'authentication_error',
    false,
    'Send a virtual key: `authorization: Bearer tt-...`.',
  ]),
  invalid_key: row([
    401,
    'authentication_error',
    false,
    'Use a virtual key this server knows: `trimtab keys list`.',
  ]),
  key_disabled: row([
    401,
    'authentication_error',
    false,
    'Enable the key or make a new one: `trimtab keys create`.',
  ]),
  key_expired: row([401, 'authentication_error', false, 'Make a new key: `trimtab keys create`.']),
  key_scope: row([403, 'permission_error', false, 'Use a key whose scopes include this task.']),
  not_signed_in: row([
    401,
    'authentication_error',
    false,
    'Sign in with the admin token, or send it as a Bearer token.',
  ]),
  too_many_sign_ins: row([
    429,
    'rate_limit_error',
    true,
    'Send the right admin token; that one is taken at any time.',
  ]),
  forbidden_origin: row([
    403,
    'permission_error',
    false,
    'Call the control API from its own dashboard, or with a Bearer token.',
  ]),
  not_found: row([404, 'invalid_request_error', false, 'Check the path; docs/api.md lists every one.']),
  method_not_allowed: row([
    405,
    'invalid_request_error',
    false,
    'Use the method named in the `allow` header.',
  ]),
  invalid_json: row([400, 'invalid_request_error', false, 'Send a body that is valid JSON.']),
  invalid_request: row([400, 'invalid_request_error', false, 'Correct the field that is named.']),
  unsupported_parameter: row([
    400,
    'invalid_request_error',
    false,
    'Leave the parameter out, or use a deployment that has it.',
  ]),
  unsupported_media_type: row([
    415,
    'invalid_request_error',
    false,
    'Send the content type the path takes (`application/json` where none is named), not compressed.',
  ]),
  unsupported_expectation: row([
    417,
    'invalid_request_error',
    false,
    'Leave the `expect` header out, or send `expect: 100-continue`.',
  ]),
  body_too_large: row([413, 'invalid_request_error', false, 'Send less, or raise `gateway.maxBodyBytes`.']),
  headers_too_large: row([431, 'invalid_request_error', false, 'Send smaller headers.']),
  body_timeout: row([408, 'invalid_request_error', true, 'Send the body faster.']),
  unknown_id: row([
    404,
    'invalid_request_error',
    false,
    'Check the id; a key finds only what was made with it.',
  ]),
  file_too_large: row([
    413,
    'invalid_request_error',
    false,
    'Send the file in parts, or raise `gateway.maxFileBytes`.',
  ]),
  batch_ended: row([409, 'invalid_request_error', false, 'Nothing to do: its results are in its files.']),
  unknown_model: row([
    404,
    'invalid_request_error',
    false,
    'Name a task, `provider/model`, or a model a provider offers.',
  ]),
  ambiguous_model: row([
    400,
    'invalid_request_error',
    false,
    'Write `provider/model`, or mark one provider `default`.',
  ]),
  operation_not_carried: row([
    403,
    'permission_error',
    false,
    "Name its part in a provider's `passThrough`, or use a provider that has it.",
  ]),
  ambiguous_provider: row([
    400,
    'invalid_request_error',
    false,
    'Name one in `x-trimtab-provider`, use its own base URL, or mark one provider `default`.',
  ]),
  context_length_exceeded: row([
    400,
    'invalid_request_error',
    false,
    "Send less, or add a deployment with a larger context; the deployment's `contextTokens` states its size.",
  ]),
  protocol_mismatch: row([400, 'invalid_request_error', false, 'Use a deployment that can do this.']),
  data_policy_refused: row([
    403,
    'permission_error',
    false,
    "Declare the provider's `dataPolicy`, or route the task elsewhere.",
  ]),
  no_deployment: row([
    503,
    'api_error',
    true,
    'See the reasons in the message; `trimtab check` explains the route.',
  ]),
  queue_full: row([
    429,
    'rate_limit_error',
    true,
    'Wait as long as `retry-after` says, add a deployment, or raise `limits.maxConcurrent` or its `queue`.',
  ]),
  deployment_limited: row([
    429,
    'rate_limit_error',
    true,
    'Wait as long as `retry-after` says, add a deployment, or raise its `limits`.',
  ]),
  upstream_error: row([502, 'api_error', true, 'Try again; the call record shows each attempt.']),
  upstream_rejected: row([400, 'invalid_request_error', false, 'Correct what the vendor names.']),
  upstream_auth: row([502, 'api_error', false, "Check the provider's credential; `trimtab check` tries it."]),
  upstream_rate_limited: row([429, 'rate_limit_error', true, 'Slow down, or add a deployment to the route.']),
  upstream_overloaded: row([503, 'overloaded_error', true, 'Try again, or add a deployment to the route.']),
  upstream_malformed: row([
    502,
    'api_error',
    true,
    'Try again; the vendor sent something that is not its protocol.',
  ]),
  upstream_cut: row([502, 'api_error', true, 'Try again; the answer is incomplete.']),
  upstream_too_large: row([502, 'api_error', false, 'Ask for less, or raise `gateway.maxAnswerBytes`.']),
  timeout_connect: row([
    504,
    'timeout_error',
    true,
    'Check that the deployment is reachable, or raise `timeouts.connectMs`.',
  ]),
  timeout_headers: row([
    504,
    'timeout_error',
    true,
    'Raise `timeouts.headersMs`, or add a deployment to the route.',
  ]),
  timeout_first_token: row([
    504,
    'timeout_error',
    true,
    'Raise `timeouts.firstTokenMs`, or add a deployment to the route.',
  ]),
  timeout_idle: row([504, 'timeout_error', true, 'Raise `timeouts.idleMs`.']),
  timeout_total: row([504, 'timeout_error', true, 'Raise `timeouts.totalMs`.']),
  client_left: row([499, 'api_error', false, 'Nothing to do: the client closed the connection.']),
  spool_unavailable: row([
    503,
    'api_error',
    true,
    'Free disk space in the data folder; see `spool.whenFull`.',
  ]),
  engine_cannot: row([
    409,
    'invalid_request_error',
    false,
    'Start the engine so that it can, or use one that can: docs/engines.md.',
  ]),
  store_unavailable: row([
    503,
    'api_error',
    true,
    'Check the database and `DATABASE_URL`; a server that runs serves and records calls meanwhile.',
  ]),
  shutting_down: row([503, 'api_error', true, 'Send the call to another replica, or try again.']),
  config_invalid: row([422, 'invalid_request_error', false, 'Correct the path that is named.']),
  config_is_file: row([409, 'invalid_request_error', false, 'The stack comes from a file: edit that file.']),
  conflict: row([409, 'invalid_request_error', false, 'Choose another name, or read it again and repeat.']),
  data_folder_in_use: row([409, 'api_error', false, 'Stop the other process, or set TRIMTAB_DATA_DIR.']),
  address_unavailable: row([
    409,
    'api_error',
    false,
    'Stop the other process, or set TRIMTAB_PORT or TRIMTAB_HOST.',
  ]),
  internal: row([500, 'api_error', true, 'This is a bug in Trimtab; please report it with the call id.']),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorRow {
  readonly status: number;
  readonly type: string;
  readonly retryable: boolean;
  readonly advice: string;
}

export interface ErrorDetails {
  /** The request or config field at fault, as a path: `messages[2].content`. */
  field?: string;
  /** Seconds after which to try again; sent as `retry-after`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The one error class. `message` says what is wrong with this request; the catalogue adds what to do. */
export class TrimtabError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TrimtabError';
    this.code = code;
    this.field = details.field;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get type(): string {
    return ERRORS[this.code].type;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get advice(): string {
    return ERRORS[this.code].advice;
  }
}

function row([status, type, retryable, advice]: [number, string, boolean, string]): ErrorRow {
  return { status, type, retryable, advice };
}
