/** Tokens that are asked for before a call, kept while they last, and renewed before they end. */
import { malformed, toFailure } from '../failure.ts';
import type { Failure, HeaderLookup, UpstreamRequest } from '../provider.ts';
import type { Errands } from './access.ts';

export interface Grant {
  values: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  expiresAt: number;
}

/** How a token is got. */
export interface TokenRoute {
  /** In words, for messages. */
  from: string;
  /** Requests in their order, each made of the answers before it. `now`: epoch milliseconds. */
  steps: readonly ((answers: readonly string[], now: number) => UpstreamRequest)[];
  /** What the last answer grants; `null`: it is none. */
  toGrant(answer: string, now: number): Grant | null;
}

/** A token with less time left is renewed by the next call, while the others go on with it. */
const RENEW_MS = 5 * 60_000;
/** With less left than a call's way to the vendor takes, a token is not used any more. */
const MARGIN_MS = 30_000;
/** After a renewal was begun the next one waits so long. */
const PAUSE_MS = 30_000;

export class TokenSource {
  readonly #route: TokenRoute;
  readonly #vendor: string;
  readonly #now: () => number;
  #grant: Grant | null = null;
  #asked = Number.NEGATIVE_INFINITY;

  constructor(route: TokenRoute, vendor: string, now: () => number = Date.now) {
    this.#route = route;
    this.#vendor = vendor;
    this.#now = now;
  }

  /** What was granted last; empty before that. */
  get values(): Readonly<Record<string, string>> {
    return this.#grant?.values ?? {};
  }

  /** `null`: the token at hand will do. */
  begin(): Errands | null {
    const now = this.#now();
    const left = (this.#grant?.expiresAt ?? Number.NEGATIVE_INFINITY) - now;
    if (left > RENEW_MS || (left > MARGIN_MS && now - this.#asked < PAUSE_MS)) return null;
    this.#asked = now;
    return this.#run();
  }

  #run(): Errands {
    const answers: string[] = [];
    let over = false;
    // A renewal that fails is nobody's loss while the old token lasts.
    const lost = (failure: Failure): Failure | null => {
      over = true;
      return this.#isUsable() ? null : failure;
    };
    return () => {
      const step = over ? undefined : this.#route.steps[answers.length];
      if (!step) return null;
      return {
        request: step(answers, this.#now()),
        lost,
        read: (status, body, headers) => {
          const failure = this.#read(answers, { status, body, headers });
          return failure && lost(failure);
        },
      };
    };
  }

  #isUsable(): boolean {
    return this.#grant !== null && this.#grant.expiresAt - this.#now() > MARGIN_MS;
  }

  #read(
    answers: string[],
    { status, body, headers }: { status: number; body: Buffer; headers: HeaderLookup },
  ): Failure | null {
    const vendor = `${this.#route.from} of ${this.#vendor}`;
    // Whatever is wrong with such a request is wrong with the credential, not with the app's.
    const meant = status >= 500 || status === 429 || status === 408 ? status : 401;
    if (status !== 200) return toFailure({ vendor, status: meant, code: null, headers, body: null });
    answers.push(body.toString());
    if (answers.length < this.#route.steps.length) return null;
    const grant = this.#route.toGrant(answers.at(-1) ?? '', this.#now());
    if (!grant) return malformed(vendor, 'an answer without a token');
    this.#grant = grant;
    return null;
  }
}
