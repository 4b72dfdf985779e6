/** Names under which secrets stand: header names, config keys, environment variables. */
const SECRET_NAME =
  /(?:^|[-_.])(?:authorization|api-?_?key|key|token|secret|password|cookie|auth)(?:$|[-_.])/i;
const CAMEL_SECRET_NAME = /(?:[aA]piKey|[tT]oken|[sS]ecret|[pP]assword)$/;

/** Prefixes vendors give their keys, and the schemes that carry one. */
const SECRET_VALUE = /^(?:bearer |basic |(?:sk|pk|rk|tt|gsk|xai|hf|ghp|glpat|AIza|eyJ)[-_A-Za-z0-9]{8,})/i;
const RANDOM_VALUE = /^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=-]{28,}$/;

/** Whether a header or key of this name carries a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || CAMEL_SECRET_NAME.test(name) || name.toLowerCase() === 'headers';
}

/** Whether a text reads like a credential: a vendor's prefix, an auth scheme, or 28 and more random characters. */
export function isCredentialLike(value: string): boolean {
  return SECRET_VALUE.test(value) || RANDOM_VALUE.test(value);
}
