/** How an instance is let in: by a key in the factory's settings, or by a token that has to be asked for first. */
import type { Errand } from '../provider.ts';

export interface Access {
  /** Settings of the factory that carry the credential, as it is now. */
  settings(): Record<string, unknown>;
  /** Put on each request after the package has made it; `null` takes a header away. */
  headers(): Readonly<Record<string, string | null>>;
  /** Strings that must not reach a client, whatever the vendor echoes. */
  secrets(): readonly string[];
  /** Begins what must be asked first. `null`: nothing, the credential is at hand. */
  begin(): Errands | null;
}

/** The next errand; `null` after the last. */
export type Errands = () => Errand | null;

/** Errands as one exchange runs them. `done`: none is left, so its request can be made. */
export function runErrands(errands: Errands | null): { done: Promise<void>; errand?: Errands } {
  if (!errands) return { done: Promise.resolve() };
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const errand: Errands = () => {
    const next = errands();
    if (next === null) resolve();
    return next;
  };
  return { done, errand };
}

/** A credential that does not change. */
export function fixedAccess(settings: Record<string, unknown>, secrets: readonly string[]): Access {
  return { settings: () => settings, headers: () => ({}), secrets: () => secrets, begin: () => null };
}
