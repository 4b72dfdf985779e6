/**
 * The one redaction point. Every text that may carry a secret and is kept or shown (error messages in call records,
 * log lines, answers to clients) passes it.
 */

import type { LogFields, Logger } from '../core/log.ts';
import { isSecretName } from '../stack/credential.ts';
import type { Snapshot } from '../stack/stack.ts';

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Removes secrets from a text. */
export type Redact = (text: string) => string;

/** Shorter values (`EMPTY`, `none`, `ollama`) are placeholders for servers that need no key, not secrets. */
const MIN_SECRET_CHARS = 8;
/** Longest text kept, cut after redaction so that no cut secret slips through. */
const MAX_CHARS = 2000;
/** Rounds in which a text made of markers and remains may form a secret again before it is given up whole. */
const MAX_ROUNDS = 4;

/** Shapes of secrets we do not know: each pattern keeps `$1`. Bounded repeats only, so that none runs away. */
const SHAPES: readonly RegExp[] = [
  /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#]{1,512}(?=@)/gi,
  /([?&;](?:[a-z_-]{0,24}[-_])?(?:key|apikey|token|auth|sig|signature|secret|password|pwd|code)=)[^&\s#"'<>]+/gi,
  /(\b(?:bearer|basic)\s{1,8})[^\s"',;]+/gi,
  /(\b(?:x-)?(?:api[-_]?key|authorization|cookie|set-cookie|password|secret)["']?\s{0,8}[:=]\s{0,8}["']?)(?!(?:bearer|basic)\s)[^\s"',;&]+/gi,
  /()\btt-[a-z0-9-]{8,}/gi,
  /()\b(?:sk|pk|rk|gsk)[-_][a-z0-9_*.-]{8,}/gi,
  /()\bAIza[\w-]{20,}/g,
  /()\bya29\.[\w-]{8,}/g,
  /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /()\b(?!(?:call|key|fb|rev|sess|req)_)[a-z][a-z0-9]{1,9}[-_](?:[a-z0-9]{1,24}[-_]){0,4}(?=[a-z]{0,64}\d)[a-z0-9]{20,}[\w*-]*/gi,
];

/**
 * A redactor that knows these exact secrets (credentials of the snapshot) besides the shapes of unknown ones.
 * Secrets under 8 characters are not looked for. Texts are cut at 2,000 characters.
 */
export function createRedact(secrets: Iterable<string>): Redact {
  const known = knownForms(secrets);
  return (text) => {
    let clean = text;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      clean = removeKnown(clean, known);
      for (const shape of SHAPES) clean = clean.replace(shape, `$1${REDACTED}`);
      if (clean.length > MAX_CHARS) clean = `${clean.slice(0, MAX_CHARS)}...`;
      if (!known.some((secret) => clean.includes(secret))) return clean;
    }
    return REDACTED;
  };
}

/** Redacts by shape only: virtual keys, bearer tokens, vendor-like keys, passwords in URLs, keys in query strings. */
export const redact: Redact = createRedact([]);

/** The redactor of a snapshot: it knows every credential the stack uses. */
export function createSnapshotRedact({ secrets }: Pick<Snapshot, 'secrets'>): Redact {
  return createRedact(
    Object.values(secrets).flatMap(({ apiKey, headers, credentials = {} }) => [
      apiKey ?? '',
      ...Object.values(headers),
      ...Object.values(credentials).flatMap(partsOf),
    ]),
  );
}

/** A key file is a secret as a whole, and so is each secret in it. */
function partsOf(credential: string): string[] {
  if (!credential.startsWith('{')) return [credential];
  const members = readMembers(credential);
  return [credential, ...members.flatMap(([name, value]) => (isSecretName(name) ? [String(value)] : []))];
}

function readMembers(json: string): [name: string, value: unknown][] {
  try {
    return Object.entries(JSON.parse(json) as object);
  } catch {
    return [];
  }
}

/** A logger whose every text is redacted first, by what is known of secrets at that moment. */
export function createRedactingLogger(logger: Logger, current: () => Redact): Logger {
  const cleaned =
    (level: keyof Logger): Logger[typeof level] =>
    (fields, message) => {
      const clean = current();
      const entries = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' ? clean(value) : value,
      ]);
      logger[level](Object.fromEntries(entries) as LogFields, clean(message));
    };
  return { info: cleaned('info'), warn: cleaned('warn'), error: cleaned('error') };
}

/** Each secret as it is, as a URL carries it and as JSON carries it; longest first. */
function knownForms(secrets: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_CHARS || REDACTED.includes(secret)) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret.toWellFormed()));
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Replaces every stretch covered by known secrets, overlapping ones as one. */
function removeKnown(text: string, known: readonly string[]): string {
  const spans: [start: number, end: number][] = [];
  for (const secret of known) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
      spans.push([at, at + secret.length]);
    }
  }
  if (spans.length === 0) return text;
  spans.sort((a, b) => a[0] - b[0]);
  let clean = '';
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= end) clean += text.slice(end, from) + REDACTED;
    if (to > end) end = to;
  }
  return clean + text.slice(end);
}
