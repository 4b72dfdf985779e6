/**
 * What an advice rests on, as far as it is cheap to read again. Where it differs from what is so today the advice is
 * stale, and the differences are the reasons that a reopened recommendation keeps.
 */

export interface Basis {
  /** When the profile was kept, epoch milliseconds; `null`: there is none. */
  profileAt: number | null;
  profileBy: string | null;
  revision: string;
  /** Of Trimtab: its model facts, price tables and rules. */
  version: string;
  /** Deployments of the task's route, in order; `null`: the stack does not declare the task. */
  route: string[] | null;
  /** USD per million tokens of each deployment of the route on that day; `null`: unpriced. */
  prices: Record<string, { input: number; output: number } | null>;
  /** Real calls of the seven days before. */
  callsPerWeek: number;
  /** Imported rows. */
  importedRows: number;
}

/** Traffic counts as changed beyond this factor, when the difference is not a handful of calls. */
const TRAFFIC_FACTOR = 1.25;
const MIN_CALLS_CHANGED = 100;

/** In words, most telling first; empty: the same. */
export function differencesOf(before: Basis, now: Basis): string[] {
  return [
    ...priceChanges(before, now),
    ...routeChanges(before, now),
    ...trafficChanges(before, now),
    ...profileChanges(before, now),
    ...(before.version === now.version ? [] : [`Trimtab is ${now.version}, was ${before.version}`]),
  ];
}

function priceChanges(before: Basis, now: Basis): string[] {
  return Object.entries(now.prices).flatMap(([deployment, price]) => {
    if (!Object.hasOwn(before.prices, deployment)) return [];
    const was = before.prices[deployment] ?? null;
    const [old, current] = [was, price].map(priceInWords);
    return old === current ? [] : [`the price of ${deployment} went from ${old} to ${current}`];
  });
}

function priceInWords(price: Basis['prices'][string]): string {
  return price === null ? 'unknown' : `$${price.input} / $${price.output} per million tokens`;
}

function routeChanges(before: Basis, now: Basis): string[] {
  const [old, current] = [before.route, now.route].map((route) => route?.join(', ') ?? 'not declared');
  if (old !== current) return [`the route went from ${old} to ${current}`];
  return before.revision === now.revision
    ? []
    : [`the stack went from ${before.revision} to ${now.revision}`];
}

function trafficChanges(before: Basis, now: Basis): string[] {
  const imported = now.importedRows - before.importedRows;
  const [old, current] = [before.callsPerWeek, now.callsPerWeek];
  const isOther =
    Math.abs(current - old) >= MIN_CALLS_CHANGED &&
    Math.max(current, old) > TRAFFIC_FACTOR * Math.min(current, old);
  return [
    ...(isOther
      ? [`calls a week went from ${old.toLocaleString('en-US')} to ${current.toLocaleString('en-US')}`]
      : []),
    ...(imported === 0 ? [] : ['history was imported or removed']),
  ];
}

function profileChanges(before: Basis, now: Basis): string[] {
  if (before.profileAt === now.profileAt) return [];
  if (now.profileBy === null) return ['the profile is gone'];
  return [`${now.profileBy} ${before.profileAt === null ? 'gave it a profile' : 'changed the profile'}`];
}
