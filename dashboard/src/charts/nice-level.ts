/** The largest of 1, 2, 5 times a power of ten at or below `value`. */
export function niceLevel(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [5, 2, 1]) if (step * power <= value) return step * power;
  return power;
}
