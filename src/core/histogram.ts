/**
 * A histogram with logarithmic buckets: any quantile is within 2 % of the true value, and histograms of parts add up
 * to exactly the histogram of the whole. So hourly rows can be merged into any window without keeping the values.
 * The idea is DDSketch's (https://arxiv.org/abs/1908.10693); ours has fixed bounds and no collapsing.
 *
 * Bucket i > 0 holds values in (MIN * GROWTH^(i-1), MIN * GROWTH^i]; bucket 0 holds everything up to MIN.
 */

/** Growth of 1.04 per bucket: the geometric middle is at most 2 % from either end. */
const GROWTH = 1.04;
const LOG_GROWTH = Math.log(GROWTH);
const MIN = 0.01;
/** 0.01 * 1.04^800 is about 4e11: with milliseconds, twelve years. */
const LAST_BUCKET = 800;
const MIDDLE = Math.sqrt(GROWTH);

/** Counts by bucket. Values are non-negative numbers of one unit (Trimtab records milliseconds). */
export interface Histogram {
  count: number;
  /** Counts by bucket; holes are zeros. A plain array adds up several times faster than a Map. */
  readonly buckets: number[];
}

export function createHistogram(): Histogram {
  return { count: 0, buckets: [] };
}

/** Adds one value. Negative values and NaN count as 0: a clock that went back must not lose the call. */
export function record(histogram: Histogram, value: number): void {
  add(histogram, bucketOf(value), 1);
}

/** Adds all of `from` to `into`. */
export function merge(into: Histogram, from: Histogram): void {
  from.buckets.forEach((count, bucket) => {
    add(into, bucket, count);
  });
}

/**
 * The value below which the share `q` (0 to 1) of the values lies, within 2 %; `null` when there are none.
 * By nearest rank: `q` = 0.5 of [1, 2, 3, 4] is 2.
 */
export function quantile(histogram: Histogram, q: number): number | null {
  if (histogram.count === 0) return null;
  const rank = Math.max(1, Math.ceil(Math.min(1, q) * histogram.count));
  let seen = 0;
  const bucket = histogram.buckets.findIndex((count) => {
    seen += count ?? 0;
    return seen >= rank;
  });
  return bucket < 0 ? null : middleOf(bucket);
}

/** Bytes: pairs of (distance from the bucket before, count) as LEB128 numbers, in bucket order. Empty: no bytes. */
export function encode(histogram: Histogram): Uint8Array {
  const bytes: number[] = [];
  let previous = 0;
  histogram.buckets.forEach((count, bucket) => {
    writeNumber(bytes, bucket - previous);
    writeNumber(bytes, count);
    previous = bucket;
  });
  return Uint8Array.from(bytes);
}

/** Reads what {@link encode} wrote. Throws RangeError on bytes it did not write. */
export function decode(bytes: Uint8Array): Histogram {
  const histogram = createHistogram();
  mergeEncoded(histogram, bytes);
  return histogram;
}

/** {@link merge} straight from the encoded form: no histogram is made in between. */
export function mergeEncoded(into: Histogram, bytes: Uint8Array): void {
  let at = 0;
  let bucket = 0;
  while (at < bytes.length) {
    let distance = bytes[at++] as number;
    if (distance >= 128) [distance, at] = readLong(bytes, at - 1);
    bucket += distance;
    if (bucket > LAST_BUCKET) throw new RangeError(`histogram bucket ${bucket} does not exist`);
    let count = bytes[at++] ?? 128;
    if (count >= 128) [count, at] = readLong(bytes, at - 1);
    add(into, bucket, count);
  }
}

/** A number of any length that begins at `at`, and where the next one does. */
function readLong(bytes: Uint8Array, from: number): [number, number] {
  let value = 0;
  let at = from;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('histogram bytes end early');
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}

function add(histogram: Histogram, bucket: number, count: number): void {
  histogram.count += count;
  histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + count;
}

function bucketOf(value: number): number {
  if (!(value > MIN)) return 0;
  return Math.min(LAST_BUCKET, Math.ceil(Math.log(value / MIN) / LOG_GROWTH));
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : (MIN * GROWTH ** bucket) / MIDDLE;
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
