/** The break-even chart of the report, drawn as text, and the table of its figures. */
import type { Interval } from '../../core/interval.ts';
import type { Advice } from '../advice.ts';
import type { OptionId } from '../economics/economics.ts';
import { figureValue } from '../quantities.ts';
import { type BreakEvenPicture, breakEvenPicture, PICTURE } from './break-even-picture.ts';
import { html, type Markup } from './markup.ts';
import { formatNumber } from './number.ts';

const { width, height, left, right, top, bottom } = PICTURE;

export function breakEvenChart(advice: Advice): Markup {
  const picture = breakEvenPicture(advice);
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Cost a month by calls a month, both on logarithmic axes, one band for each option; the table below holds the same figures" class="chart">
${axes(picture)}
${picture.bands.map(({ option, area, line }) => html`<g class="series ${option}"><polygon points="${area}" class="band"/><polyline points="${line}" class="line"/></g>`)}
${picture.today && today(picture.today)}
${picture.crossings.map(crossing)}
</svg>${legend(picture)}`;
}

function axes({ ticksX, ticksY }: BreakEvenPicture): Markup[] {
  const middle = (top + bottom) / 2;
  return [
    ...ticksX.map(
      ({ x, label }) =>
        html`<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" class="grid"/><text x="${x}" y="${bottom + 16}" class="tick" text-anchor="middle">${label}</text>`,
    ),
    ...ticksY.map(
      ({ y, label }) =>
        html`<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" class="grid"/><text x="${left - 8}" y="${y + 4}" class="tick" text-anchor="end">${label}</text>`,
    ),
    html`<text x="${(left + width) / 2}" y="${height - 8}" class="axis" text-anchor="middle">calls a month</text>`,
    html`<text x="14" y="${middle}" class="axis" text-anchor="middle" transform="rotate(-90 14 ${middle})">USD a month</text>`,
  ];
}

function today({ from, width: wide, x, anchor, note }: NonNullable<BreakEvenPicture['today']>): Markup {
  return html`<g class="today"><rect x="${from}" width="${wide}" y="${top}" height="${bottom - top}"/><line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/><text x="${x}" y="${top - 6}" class="note" text-anchor="${anchor}">${note}</text></g>`;
}

function crossing({ option, x, noteX, noteY, anchor, note }: BreakEvenPicture['crossings'][number]): Markup {
  return html`<g class="crossing series ${option}"><line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/><text x="${noteX}" y="${noteY}" text-anchor="${anchor}" class="note">${note}</text></g>`;
}

/** Which colour is which, below the chart: at the right end the lines meet and labels would cover each other. */
function legend({ bands }: BreakEvenPicture): Markup {
  return html`<p class="legend">${bands.map(({ option, label }) => html`<span class="${option}"><i></i>${label}</span>`)}</p>`;
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
