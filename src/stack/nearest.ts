import { distance } from 'fastest-levenshtein';

/** Edits within which a name always counts as a slip for another. */
const SLIP_EDITS = 2;

/**
 * The candidate a written name most likely meant: the same letters in another case or with other separators, else the
 * fewest edits away, up to two or a third of the name's length. `undefined` when none is near.
 */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  const letters = bareLetters(written);
  const limit = Math.max(SLIP_EDITS, Math.floor(written.length / 3));
  let best: string | undefined;
  let bestEdits = limit + 1;
  for (const candidate of candidates) {
    if (candidate === written) continue;
    if (letters !== '' && bareLetters(candidate) === letters) return candidate;
    const edits = Math.min(
      distance(written, candidate),
      distance(written.toLowerCase(), candidate.toLowerCase()),
    );
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** `; did you mean "x"?` or nothing, to append to a sentence. */
export function didYouMean(written: string, candidates: Iterable<string>): string {
  const found = nearest(written, candidates);
  return found === undefined ? '' : `; did you mean ${JSON.stringify(found)}?`;
}

function bareLetters(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
