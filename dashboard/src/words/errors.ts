/** Short names for the error codes a call can end with; codes without one are shown as they are. */
const WORDS: Record<string, string> = {
  upstream_error: 'vendor failed',
  upstream_rejected: 'vendor refused the request',
  upstream_auth: 'vendor refused our credential',
  upstream_rate_limited: 'vendor rate limit',
  upstream_overloaded: 'vendor overloaded',
  upstream_malformed: 'vendor sent a malformed answer',
  upstream_cut: 'vendor cut the answer off',
  upstream_too_large: 'answer too large',
  timeout_connect: 'no connection in time',
  timeout_headers: 'no answer in time',
  timeout_first_token: 'no first token in time',
  timeout_idle: 'stream went silent',
  timeout_total: 'took too long in all',
  client_left: 'the app hung up',
  data_policy_refused: 'data policy refused it',
  no_deployment: 'no deployment could take it',
  queue_full: 'no place at its deployments',
  deployment_limited: 'over the limit of its deployments',
  unknown_model: 'unknown model',
  invalid_request: 'invalid request',
  invalid_json: 'invalid JSON',
  body_too_large: 'request too large',
};

export function errorInWords(code: string | null): string {
  if (code === null) return 'failed';
  return WORDS[code] ?? code.replaceAll('_', ' ');
}

export const OUTCOME_WORDS = {
  ok: 'ok',
  error: 'error',
  client_left: 'client left',
  refused: 'refused',
} as const;
