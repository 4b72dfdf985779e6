/**
 * Random numbers from a seed: the same seed gives the same numbers on every machine. sfc32, by Chris Doty-Humphrey
 * (PractRand, https://pracrand.sourceforge.net). Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Mean 1. */
  exponential(): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** Mean 1; `shape` > 0: 1 is exponential, below 1 comes in bursts. Variance is 1 / shape. */
  gamma(shape: number): number;
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
}

export function createRandom(seed: number): Random {
  const uniform = sfc32(seed);
  const exponential = (): number => -Math.log(1 - uniform());
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  /** Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); below 1 by their boost. */
  const standardGamma = (shape: number): number => {
    if (shape < 1) return standardGamma(shape + 1) * (1 - uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  return {
    uniform,
    exponential,
    normal,
    gamma: (shape) => standardGamma(shape) / shape,
    integer: (below) => Math.floor(uniform() * below),
  };
}

function sfc32(seed: number): () => number {
  let a = 0x9e3779b9 | 0;
  let b = Math.trunc(seed) | 0;
  let c = Math.trunc(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}
