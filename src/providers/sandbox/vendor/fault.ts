import { isRecord } from './chat-request.ts';
import { VendorError } from './vendor-error.ts';

/** What can go wrong on request; `server.ts` says what each does. */
export const FAULTS = [
  'status',
  'stall-headers',
  'stall-mid-stream',
  'reset',
  'reset-mid-stream',
  'cut',
  'malformed-sse',
  'malformed-json',
  'error-body-200',
  'error-event',
  'wrong-content-type',
  'slow',
  'omit-usage',
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  kind: FaultKind;
  /** HTTP status of `status`. Default 503. */
  status: number;
  /** Seconds, sent as `retry-after`; `null`: not sent. */
  retryAfter: number | null;
  /** Tokens sent before it happens. Default 3. */
  after: number;
  /** Extra milliseconds of `slow`, before headers. Default 5000. Not scaled by `timeScale`. */
  ms: number;
}

/** The request member `sandbox`, or a model's `!` suffix, read. */
export interface Script {
  model: string;
  fault: (Fault & { probability: number }) | null;
  timeScale: number;
  /** Makes the text exactly this many tokens long; `null`: as long as it is. */
  outputTokens: number | null;
}

const MEMBERS = new Set([
  'fault',
  'status',
  'retryAfter',
  'after',
  'ms',
  'probability',
  'timeScale',
  'outputTokens',
]);

/**
 * Reads how a request wants to be served. `defaultTimeScale` comes from the header `x-sandbox-time-scale`. Throws
 * VendorError(400) on a fault it does not know, so that a misspelt one never passes for a healthy answer.
 */
export function readScript(body: Record<string, unknown>, defaultTimeScale: number): Script {
  const [model = '', suffix] = String(body.model ?? '').split('!', 2);
  const given = body.sandbox ?? {};
  if (!isRecord(given)) throw bad("Invalid type for 'sandbox': expected an object.", 'sandbox');
  const unknown = Object.keys(given).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) throw bad(`Unknown member 'sandbox.${unknown}'.`, `sandbox.${unknown}`);
  const number = (member: string, otherwise: number): number => {
    const value = given[member] ?? otherwise;
    if (typeof value === 'number' && value >= 0) return value;
    throw bad(`Invalid 'sandbox.${member}': expected a number from 0.`, `sandbox.${member}`);
  };
  const isWhole = FAULTS.some((fault) => fault === suffix);
  const [, stem, amount] = (isWhole ? null : /^(.+?)-(\d+)$/.exec(suffix ?? '')) ?? [];
  const asked = stem ?? suffix ?? given.fault;
  const extra = (kind: FaultKind, otherwise: number): number =>
    amount !== undefined && AMOUNT_OF[kind] !== undefined ? Number(amount) : otherwise;
  const timeScale = number('timeScale', defaultTimeScale);
  const outputTokens = given.outputTokens === undefined ? null : Math.floor(number('outputTokens', 0));
  if (asked === undefined) return { model, fault: null, timeScale, outputTokens };
  const kind = FAULTS.find((fault) => fault === asked);
  if (kind === undefined) {
    throw bad(`Unknown fault '${String(asked)}': expected one of ${FAULTS.join(', ')}.`, 'sandbox.fault');
  }
  const status = kind === 'status' ? extra(kind, number('status', 503)) : 503;
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw bad("Invalid 'sandbox.status': expected 400 to 599.", 'sandbox.status');
  }
  const fault = {
    kind,
    status,
    retryAfter: given.retryAfter === undefined ? null : number('retryAfter', 0),
    after: AMOUNT_OF[kind] === 'after' ? extra(kind, number('after', 3)) : number('after', 3),
    ms: kind === 'slow' ? extra(kind, number('ms', 5000)) : number('ms', 5000),
    probability: number('probability', 1),
  };
  return { model, fault, timeScale, outputTokens };
}

/** What the number in `small!cut-5`, `small!status-503`, `small!slow-200` sets. */
const AMOUNT_OF: Partial<Record<FaultKind, 'status' | 'after' | 'ms'>> = {
  status: 'status',
  slow: 'ms',
  cut: 'after',
  'stall-mid-stream': 'after',
  'reset-mid-stream': 'after',
  'malformed-sse': 'after',
  'error-event': 'after',
};

function bad(message: string, param: string): VendorError {
  return new VendorError(400, message, { param, code: 'sandbox_script' });
}
