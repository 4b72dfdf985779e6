/**
 * How the simulated models choose a label: by comparing the text with the labels' own words and with the examples in
 * the prompt. Nothing is known of any data set. `small` counts shared words; `large` weighs stems, word pairs and
 * character n-grams by how telling they are, and asks both the nearest examples and each label's centre.
 */
import { isStopWord, likeStem, stem, words } from './text.ts';

export interface Label {
  name: string;
  /** Words that explain the label beyond its name. */
  description: string;
}

export interface Example {
  text: string;
  label: string;
}

export interface Ranked {
  label: string;
  score: number;
}

/** Ranks every label for a text, best first; ties keep the order of the labels. */
export type Classifier = (text: string) => Ranked[];

/** `card_not-working` and `CardNotWorking` as words. */
export function labelText(label: Label): string {
  const name = label.name.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2').replace(/[_\-/]+/g, ' ');
  return `${name} ${label.description}`;
}

/** Shared words over the size of both, of the nearest example or the label itself. */
export function createSmallClassifier(labels: readonly Label[], examples: readonly Example[]): Classifier {
  const sets = groupByLabel(labels, examples).map((group) => ({
    label: group.label.name,
    sets: [labelText(group.label), ...group.texts].map((text) => new Set(words(text))),
  }));
  return (text) => {
    const asked = new Set(words(text));
    return rank(
      sets.map(({ label, sets }) => ({ label, score: Math.max(...sets.map((set) => overlap(asked, set))) })),
    );
  };
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared === 0 ? 0 : shared / Math.sqrt(a.size * b.size);
}

type Vector = Map<string, number>;

/** TF-IDF nearest neighbours and centroids, over stems, stem pairs and character n-grams. */
export function createLargeClassifier(labels: readonly Label[], examples: readonly Example[]): Classifier {
  const groups = groupByLabel(labels, examples);
  const counts = groups.map((group) => [labelText(group.label), ...group.texts].map(features));
  const idf = inverseFrequencies(counts.flat());
  const known = groups.map((group, index) => {
    const vectors = (counts[index] ?? []).map((count) => weigh(count, idf));
    const [own, ...shown] = vectors;
    return { label: group.label.name, own: own ?? new Map(), shown, centre: centroid(vectors) };
  });
  return (text) => {
    const asked = weigh(features(text), idf);
    return rank(
      known.map(({ label, own, shown, centre }) => {
        const near = shown.map((vector) => dot(asked, vector)).sort((a, b) => b - a);
        const nearest = (near[0] ?? 0) * 0.6 + (near[1] ?? near[0] ?? 0) * 0.4;
        return { label, score: 0.5 * nearest + 0.9 * dot(asked, centre) + 0.3 * dot(asked, own) };
      }),
    );
  };
}

function groupByLabel(labels: readonly Label[], examples: readonly Example[]) {
  const texts = new Map<string, string[]>(labels.map((label) => [label.name, []]));
  for (const example of examples) texts.get(example.label)?.push(example.text);
  return labels.map((label) => ({ label, texts: texts.get(label.name) ?? [] }));
}

/** Counts of `w:` stems, `b:` stem pairs and `c:` character 3- to 5-grams inside word edges. */
export function features(text: string): Vector {
  const vector: Vector = new Map();
  const add = (feature: string, weight: number) => vector.set(feature, (vector.get(feature) ?? 0) + weight);
  const all = words(text);
  let before = '^';
  for (const word of all) {
    const stemmed = likeStem(stem(word));
    add(`w:${stemmed}`, isStopWord(word) ? 0.25 : 1);
    add(`b:${before} ${stemmed}`, 0.5);
    before = stemmed;
    if (isStopWord(word)) continue;
    const edged = `<${word}>`;
    for (let size = 3; size <= 5; size++) {
      for (let i = 0; i + size <= edged.length; i++) add(`c:${edged.slice(i, i + size)}`, 0.3);
    }
  }
  return vector;
}

function inverseFrequencies(documents: readonly Vector[]): { of(feature: string): number } {
  const seen = new Map<string, number>();
  for (const document of documents)
    for (const feature of document.keys()) seen.set(feature, (seen.get(feature) ?? 0) + 1);
  return { of: (feature) => Math.log((documents.length + 1) / ((seen.get(feature) ?? 0) + 1)) + 1 };
}

function weigh(counts: Vector, idf: { of(feature: string): number }): Vector {
  const weighed: Vector = new Map();
  for (const [feature, count] of counts) weighed.set(feature, Math.sqrt(count) * idf.of(feature));
  return normalise(weighed);
}

function normalise(vector: Vector): Vector {
  let sum = 0;
  for (const value of vector.values()) sum += value * value;
  const length = Math.sqrt(sum) || 1;
  for (const [feature, value] of vector) vector.set(feature, value / length);
  return vector;
}

function centroid(vectors: readonly Vector[]): Vector {
  const sum: Vector = new Map();
  for (const vector of vectors) {
    for (const [feature, value] of vector) sum.set(feature, (sum.get(feature) ?? 0) + value);
  }
  return normalise(sum);
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (const [feature, value] of a) sum += value * (b.get(feature) ?? 0);
  return sum;
}

function rank(scores: Ranked[]): Ranked[] {
  return scores.sort((a, b) => b.score - a.score);
}
