/** Comparison in words: what a headline says about a figure and the one of the window before. */
export function compareInWords(now: number, before: number): string {
  if (before === 0) return now === 0 ? 'as before' : 'up from nothing';
  const percent = Math.round((Math.abs(now - before) / before) * 100);
  if (percent < 1) return 'about as much as';
  if (percent >= 300) return `${(now / before).toFixed(now / before >= 10 ? 0 : 1)} times as much as`;
  return `${percent} % ${now > before ? 'more' : 'less'} than`;
}

export interface Mover {
  dimension: 'task' | 'user' | 'deployment';
  name: string | null;
  now: number;
  before: number;
  calls: number;
  callsBefore: number;
}

export interface Spend {
  name: string | null;
  cost: number;
  calls: number;
}

/** The largest changes of spend between two windows, or of calls where nothing is priced; largest first. */
export function findMovers(
  dimension: Mover['dimension'],
  now: readonly Spend[],
  before: readonly Spend[],
): Mover[] {
  const movers = new Map<string | null, Mover>();
  const at = (name: string | null): Mover => {
    let mover = movers.get(name);
    if (!mover) {
      mover = { dimension, name, now: 0, before: 0, calls: 0, callsBefore: 0 };
      movers.set(name, mover);
    }
    return mover;
  };
  for (const row of now) {
    const mover = at(row.name);
    mover.now += row.cost;
    mover.calls += row.calls;
  }
  for (const row of before) {
    const mover = at(row.name);
    mover.before += row.cost;
    mover.callsBefore += row.calls;
  }
  return rankMovers([...movers.values()]);
}

export function rankMovers(movers: readonly Mover[]): Mover[] {
  const weight = (mover: Mover): [number, number] => [
    Math.abs(mover.now - mover.before),
    Math.abs(mover.calls - mover.callsBefore),
  ];
  return movers
    .filter((mover) => weight(mover).some((size) => size > 0))
    .sort((a, b) => weight(b)[0] - weight(a)[0] || weight(b)[1] - weight(a)[1]);
}
