/**
 * A deployment keeps its colour on every page and across visits: colours are given out in the order deployments are
 * first seen and remembered in the browser. Eight hues that stay apart under the common colour blindnesses (after
 * Okabe and Ito, https://jfly.uni-koeln.de/color/), tuned per theme in tokens.css to 3:1 on the page.
 */
export const SERIES_COUNT = 8;
const STORAGE = 'trimtab.series';

export interface SeriesMemory {
  read(): string | null;
  write(text: string): void;
}

export interface SeriesColours {
  /** Palette place of a deployment, 0 to 7; the least used place when it is new. */
  indexOf(name: string): number;
}

export function createSeriesColours(memory: SeriesMemory): SeriesColours {
  const known = new Map<string, number>(readPairs(memory.read()));
  return {
    indexOf(name) {
      const found = known.get(name);
      if (found !== undefined) return found;
      const used = new Array<number>(SERIES_COUNT).fill(0);
      for (const index of known.values()) used[index] = (used[index] ?? 0) + 1;
      const index = used.indexOf(Math.min(...used));
      known.set(name, index);
      memory.write(JSON.stringify([...known]));
      return index;
    },
  };
}

const colours = createSeriesColours({
  read: () => globalThis.localStorage?.getItem(STORAGE) ?? null,
  write: (text) => globalThis.localStorage?.setItem(STORAGE, text),
});

/** Gives out colours in the order of the stack, so that every browser gives the same. */
export function nameSeries(deployments: readonly string[]): void {
  for (const name of deployments) colours.indexOf(name);
}

/** CSS colour of a deployment; calls that reached none are grey. */
export function seriesColour(deployment: string | null): string {
  return deployment === null ? 'var(--ink-3)' : `var(--series-${colours.indexOf(deployment)})`;
}

function readPairs(text: string | null): [string, number][] {
  if (text === null) return [];
  try {
    const pairs = JSON.parse(text) as unknown;
    if (!Array.isArray(pairs)) return [];
    return pairs.filter(
      (pair): pair is [string, number] =>
        Array.isArray(pair) &&
        typeof pair[0] === 'string' &&
        Number.isInteger(pair[1]) &&
        pair[1] >= 0 &&
        pair[1] < SERIES_COUNT,
    );
  } catch {
    return [];
  }
}
