/** The break-even chart: cost a month by calls a month, a band per option, today's volume and the crossing. */
import type { Interval } from '../../core/interval.ts';
import type { Advice } from '../advice.ts';
import type { BreakEven, OptionId } from '../economics/economics.ts';
import { figureValue } from '../quantities.ts';
import { html, type Markup } from './markup.ts';
import { formatMonth, formatNumber } from './number.ts';

const WIDTH = 720;
const HEIGHT = 340;
const LEFT = 64;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 44;
/** Bases are compared on the chart; layers have figures of their own. */
const SHOWN: readonly OptionId[] = ['hosted-api', 'private-deployment', 'self-hosted', 'hybrid'];

interface Scale {
  x(calls: number): number;
  y(usd: number): number;
}

export function breakEvenChart(advice: Advice): Markup {
  const { curve, breakEven, at } = advice.economics;
  const chosen = new Set<OptionId>([...SHOWN.slice(0, 1), ...pickOptions(advice)]);
  const lines = curve.options.filter(({ option }) => chosen.has(option));
  const scale = scaleOf(
    curve.callsPerMonth,
    lines.flatMap(({ usdPerMonth }) => usdPerMonth),
  );
  const volume = volumeOf(advice);
  const bands = lines.map(({ option, usdPerMonth }) =>
    band(curve.callsPerMonth, usdPerMonth, { scale, option }),
  );
  const crossings = breakEven.filter(
    ({ option, callsPerMonth }) => chosen.has(option) && (callsPerMonth.mid ?? 0) > 0,
  );
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Cost a month by calls a month, both on logarithmic axes, one band for each option; the table below holds the same figures" class="chart">
${axes(scale, curve.callsPerMonth)}
${bands}
${volume === null ? null : today(scale, volume)}
${crossings.map((crossing) => mark(crossing, scale, { at }))}
</svg>${legend(
    advice,
    lines.map(({ option }) => option),
  )}`;
}

/** The options worth a line: not excluded, or there is nothing else to compare with. */
function pickOptions({ scorecard }: Advice): OptionId[] {
  return scorecard.bases.filter(({ excluded }) => excluded.length === 0).map(({ target }) => target);
}

function volumeOf({ economics }: Advice): Interval | null {
  return economics.quantities.find(({ id }) => id === 'volume.calls-per-month')?.value ?? null;
}

function scaleOf(volumes: readonly number[], costs: readonly Interval[]): Scale {
  const [x0, x1] = [Math.log10(volumes[0] as number), Math.log10(volumes.at(-1) as number)];
  const lowest = Math.max(1, Math.min(...costs.map(({ low }) => (low > 0 ? low : Number.POSITIVE_INFINITY))));
  const y0 = Math.log10(lowest);
  const y1 = Math.max(y0 + 1, Math.log10(Math.max(...costs.map(({ high }) => high))));
  return {
    x: (calls) => LEFT + ((Math.log10(calls) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT),
    y: (usd) =>
      HEIGHT - BOTTOM - ((Math.log10(Math.max(usd, lowest)) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM),
  };
}

function band(
  volumes: readonly number[],
  costs: readonly Interval[],
  { scale, option }: { scale: Scale; option: OptionId },
): Markup {
  const points = (pick: (cost: Interval) => number) =>
    costs.map((cost, index) => `${fix(scale.x(volumes[index] as number))},${fix(scale.y(pick(cost)))}`);
  const area = [...points(({ low }) => low), ...points(({ high }) => high).reverse()].join(' ');
  return html`<g class="series ${option}"><polygon points="${area}" class="band"/><polyline points="${points(({ mid }) => mid).join(' ')}" class="line"/></g>`;
}

function axes(scale: Scale, volumes: readonly number[]): Markup[] {
  const [first, last] = [volumes[0] as number, volumes.at(-1) as number];
  const ticks: Markup[] = [];
  for (let power = Math.ceil(Math.log10(first)); power <= Math.log10(last); power++) {
    const x = fix(scale.x(10 ** power));
    ticks.push(
      html`<line x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" class="grid"/><text x="${x}" y="${HEIGHT - BOTTOM + 16}" class="tick" text-anchor="middle">${short(10 ** power)}</text>`,
    );
  }
  for (let power = 0; power <= 9; power++) {
    const y = scale.y(10 ** power);
    if (y < TOP || y > HEIGHT - BOTTOM) continue;
    ticks.push(
      html`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fix(y)}" y2="${fix(y)}" class="grid"/><text x="${LEFT - 8}" y="${fix(y + 4)}" class="tick" text-anchor="end">$${short(10 ** power)}</text>`,
    );
  }
  ticks.push(
    html`<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 8}" class="axis" text-anchor="middle">calls a month</text>`,
  );
  ticks.push(
    html`<text x="14" y="${(TOP + HEIGHT - BOTTOM) / 2}" class="axis" text-anchor="middle" transform="rotate(-90 14 ${(TOP + HEIGHT - BOTTOM) / 2})">USD a month</text>`,
  );
  return ticks;
}

function today(scale: Scale, { low, mid, high }: Interval): Markup {
  const [x0, x1, x] = [scale.x(low), scale.x(high), scale.x(mid)].map((value) =>
    Math.max(LEFT, Math.min(WIDTH - RIGHT, value)),
  ) as [number, number, number];
  return html`<g class="today"><rect x="${fix(x0)}" width="${fix(Math.max(1, x1 - x0))}" y="${TOP}" height="${HEIGHT - TOP - BOTTOM}"/><line x1="${fix(x)}" x2="${fix(x)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${fix(x + 6)}" y="${TOP + 12}" class="note">today: ${short(mid)}</text></g>`;
}

/** The crossing of an option with the hosted API, with its date. */
function mark({ callsPerMonth, months, option }: BreakEven, scale: Scale, { at }: { at: number }): Markup {
  const x = scale.x(callsPerMonth.mid as number);
  if (x < LEFT || x > WIDTH - RIGHT) return html``;
  const when =
    months.mid === null ? 'not within 3 years' : months.mid === 0 ? 'passed' : formatMonth(at, months.mid);
  const y = HEIGHT - BOTTOM - 8 - 16 * Math.max(0, SHOWN.indexOf(option) - 1);
  const end = x > WIDTH - 200;
  return html`<g class="crossing series ${option}"><line x1="${fix(x)}" x2="${fix(x)}" y1="${TOP + 20}" y2="${HEIGHT - BOTTOM}"/><text x="${fix(end ? x - 6 : x + 6)}" y="${y}" text-anchor="${end ? 'end' : 'start'}" class="note">break-even ${short(callsPerMonth.mid as number)}, ${when}</text></g>`;
}

/** Which colour is which, below the chart: at the right end the lines meet and labels would cover each other. */
function legend(advice: Advice, shown: readonly OptionId[]): Markup {
  const label = (option: OptionId) =>
    advice.economics.options.find((one) => one.option === option)?.label ?? option;
  return html`<p class="legend">${shown.map((option) => html`<span class="${option}"><i></i>${label(option)}</span>`)}</p>`;
}

/** The same figures for readers who do not see the chart. */
export function breakEvenTable(advice: Advice): Markup {
  const { curve, options } = advice.economics;
  const rows = [0, 6, 12, 18, 24].filter((index) => index < curve.callsPerMonth.length);
  const label = (option: OptionId) => options.find((one) => one.option === option)?.label ?? option;
  const cells = (index: number) =>
    curve.options.map(({ usdPerMonth }) => {
      const { low, high } = usdPerMonth[index] as Interval;
      return html`<td>${formatNumber(low, 2)} to ${formatNumber(high, 2)}</td>`;
    });
  return html`<details><summary>The figures of the chart</summary><div class="scroll"><table><thead><tr><th>calls a month</th>${curve.options.map(({ option }) => html`<th>${label(option)}</th>`)}</tr></thead><tbody>${rows.map((index) => html`<tr><th>${formatNumber(curve.callsPerMonth[index] as number, 2)}</th>${cells(index)}</tr>`)}</tbody></table></div></details>`;
}

/** Share of draws, figure by id: used by the sentence above the chart. */
export function costOf(advice: Advice, option: OptionId): Interval | null {
  const cost = advice.economics.options.find((one) => one.option === option);
  return (cost && figureValue(advice.economics, cost.usdPerMonth)) ?? null;
}

function fix(value: number): string {
  return value.toFixed(1);
}

function short(value: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 2 }).format(value);
}
