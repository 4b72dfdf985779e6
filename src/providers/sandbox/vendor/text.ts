/** How the simulated models read text: words, stems, groups of like words, hashes, and seeded randomness. */

/** Lower-case words and numbers, apostrophes joined (`can't` is `cant`). */
export function words(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replace(/['’]/g, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

const STOP_WORDS = new Set(
  (
    'a an the i im ive id my me mine we our you your yours it its this that these those is am are was were be been being ' +
    'do does did doing done have has had having to of in on at for from by with and or but so if as about there ' +
    'can could would should will may might shall just please tell want need know some any get got hi hello hey ' +
    'thanks thank what which how'
  ).split(' '),
);

/** Words that say nothing about a text's subject. */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

const SUFFIXES: readonly (readonly [suffix: string, by: string])[] = [
  ['ational', 'ate'],
  ['ization', 'ize'],
  ['fulness', 'ful'],
  ['ically', 'ic'],
  ['ments', ''],
  ['ment', ''],
  ['ations', 'at'],
  ['ation', 'at'],
  ['ings', ''],
  ['ing', ''],
  ['edly', ''],
  ['ies', 'y'],
  ['ied', 'y'],
  ['ed', ''],
  ['ly', ''],
  ['es', ''],
  ['s', ''],
  ['e', ''],
];

/** A light English stemmer: `transferring`, `transferred`, `transfers` are `transf`-alike. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  for (const [suffix, by] of SUFFIXES) {
    if (!word.endsWith(suffix) || word.length - suffix.length + by.length < 3) continue;
    if (suffix === 's' && word.endsWith('ss')) continue;
    const root = word.slice(0, word.length - suffix.length) + by;
    return root.replace(/([bdfgmnprt])\1$/, '$1');
  }
  return word;
}

/** Words a general model knows to be near each other; the first of each row stands for the rest. */
const LIKE_WORDS = [
  'lost missing misplaced',
  'stolen theft thief robbed mugged',
  'buy purchase bought bought shop',
  'money cash funds fund',
  'fee charge cost charged surcharge',
  'fail failed declined decline reject rejected refused unsuccessful denied',
  'broken faulty defective damaged',
  'wait waiting pending delay delayed',
  'arrive arrival arrived delivery deliver delivered come',
  'quick fast soon quickly urgent asap',
  'cancel revert undo reverse reverted reversed',
  'phone mobile smartphone device',
  'change modify edit update alter',
  'close delete terminate deactivate remove',
  'verify verification confirm prove validate',
  'identity id',
  'country nation countries abroad overseas foreign',
  'wrong incorrect mistaken error mistake inaccurate',
  'twice double duplicate duplicated two',
  'atm machine cashpoint',
  'angry upset furious unhappy disappointed',
  'good great excellent happy wonderful love amazing pleased positive',
  'bad terrible awful poor horrible hate worst negative',
  'salary paycheck wages',
  'child kid kids children son daughter age old young',
  'job employment work',
  'sport football match team league player',
  'company business market stocks shares firm',
  'software computer internet technology app',
  'refund reimburse reimbursement repay',
  'invoice bill billing',
  'ship shipping shipment parcel package',
  'login signin password passcode',
].map((row) => row.split(' '));

const LIKE = new Map(
  LIKE_WORDS.flatMap((row) => row.map((word) => [stem(word), stem(row[0] ?? word)] as const)),
);

/** The stem that stands for a stem's group of like words; the stem itself when it has none. */
export function likeStem(stemmed: string): string {
  return LIKE.get(stemmed) ?? stemmed;
}

/** FNV-1a over UTF-16 units, 32 bits. */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Mulberry32: numbers in [0, 1) that depend on the seed alone. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
