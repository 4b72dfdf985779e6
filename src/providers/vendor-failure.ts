/** What is made of a vendor's errors, whichever of its APIs is spoken. */
import type { TrimtabError } from '../core/error.ts';

export type HeaderLookup = (name: string) => string | undefined;

export interface Failure {
  kind: 'failure';
  /** What the client gets if nothing else answers; its message carries no secret and no stack. */
  error: TrimtabError;
  /** Whether another deployment may do better: true for outages and limits, false for a bad request. */
  fallback: boolean;
  /** Vendor's error body in the app's protocol, forwarded with `status` when the fault is the request's. */
  body: Buffer | null;
  /** Status for the client. */
  status: number;
  retryAfterMs: number | null;
  /** The prompt does not fit into the model's context: only a larger one may do better. Default false. */
  tooLong?: boolean;
}
