/**
 * Values of the asked gauges in Prometheus text, one per label set; a name without a finite value from 0 up is left out.
 * A page of an engine holds thousands of lines of histograms: those are passed over without being taken apart.
 */
export function readGauges(text: string, names: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const name of names) {
    const values: number[] = [];
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      const value = valueAt(text, at, name.length);
      if (value !== null) values.push(value);
    }
    if (values.length > 0) found.set(name, values);
  }
  return found;
}

/** Of the sample whose name stands at `at`; `null`: that is another name, a comment, or no number. */
function valueAt(text: string, at: number, length: number): number | null {
  if (at > 0 && text[at - 1] !== '\n') return null;
  const lineEnd = text.indexOf('\n', at);
  const rest = text.slice(at + length, lineEnd < 0 ? undefined : lineEnd);
  const sample = /^(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s+(\S+)/.exec(rest);
  const value = Number(sample?.[1] ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
