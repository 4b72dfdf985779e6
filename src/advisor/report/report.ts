/**
 * The report for the meeting where the decision is made: one self-contained HTML file that needs no script and no
 * network, or Markdown, or JSON; of one advice, or of several side by side with why they differ.
 */
import type { Advice } from '../advice.ts';
import { formatInterval } from '../economics/format-interval.ts';
import { labelOf } from '../options.ts';
import { FACT_IDS } from '../profile/fields/index.ts';
import { evidenceOf } from '../profile/reader.ts';
import { figureValue, monthlyCost } from '../quantities.ts';
import { html, Markup } from './markup.ts';
import { formatRange, formatVolume, formatWhen } from './number.ts';
import { sectionsOf } from './sections.ts';
import { STYLE } from './style.ts';

/** One advice with the name it has in a comparison. */
export interface Variant {
  name: string;
  advice: Advice;
}

export type ReportFormat = 'html' | 'md' | 'json';

/** Throws RangeError without a variant. */
export function renderReport(variants: readonly Variant[], format: ReportFormat): string {
  const [first] = variants;
  if (!first) throw new RangeError('a report needs an advice');
  if (format === 'json')
    return `${JSON.stringify(variants.length === 1 ? first.advice : variants, null, 2)}\n`;
  return format === 'md' ? markdown(variants) : page(variants);
}

function page(variants: readonly Variant[]): string {
  const [first] = variants as [Variant];
  const body =
    variants.length === 1
      ? sectionsOf(first.advice)
      : [
          html`<p class="eyebrow">Trimtab advice · ${variants.length} reports side by side</p><h1>${first.advice.task}: what changes when the facts change</h1>`,
          comparison(variants),
          ...variants.map(
            ({ name, advice }) =>
              html`<hr><p class="eyebrow">${name}</p>${sectionsOf(advice).map(withoutAnchors)}`,
          ),
        ];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${first.advice.task}: advice</title><style>${new Markup(STYLE)}</style></head><body><main>${body}
<p class="soft"><small>Made by trimtab advise. Intervals hold 80 %. Same facts, same answer.</small></p></main></body></html>
`.text;
}

/** Several reports in one file would repeat every anchor: there the numbers stand without their links. */
function withoutAnchors(section: Markup): Markup {
  const text = section.text
    .replaceAll(/ id="(fact|figure)-[^"]*"/g, '')
    .replaceAll(/<a href="#[^"]*">(.*?)<\/a>/g, '$1');
  return new Markup(text);
}

interface ComparedRow {
  label: string;
  cells: string[];
}

/** What the reports say, row by row; the facts that differ come last, as the reason. */
function compare(variants: readonly Variant[]): { findings: ComparedRow[]; facts: ComparedRow[] } {
  const row = (label: string, cell: (advice: Advice) => string): ComparedRow => ({
    label,
    cells: variants.map(({ advice }) => cell(advice)),
  });
  const findings = [
    row('Advised', ({ decision }) => (decision.base === null ? 'not settled' : labelOf(decision.base))),
    row('Next on top', ({ decision }) => decision.layers.map(labelOf).slice(0, 2).join(', ') || 'nothing'),
    row('Decision path', ({ path }) => path.steps.map(({ answer }) => answer).join(' → ')),
    row('Scorecard prefers', ({ scorecard }) =>
      scorecard.best === null ? 'nothing is left' : labelOf(scorecard.best),
    ),
    row(
      'Ruled out',
      ({ scorecard }) =>
        scorecard.bases
          .filter(({ excluded }) => excluded.length > 0)
          .map(({ target }) => labelOf(target))
          .join(', ') || 'nothing',
    ),
    row('Advised option, USD a month', ({ decision, economics }) => {
      const cost = decision.base && monthlyCost(economics, decision.base);
      return cost ? formatRange(cost, 'USD') : '-';
    }),
    row('Hosted API, USD a month', ({ economics }) => {
      const cost = monthlyCost(economics, 'hosted-api');
      return cost ? formatRange(cost, 'USD') : '-';
    }),
    row('Self-hosting costs less from', ({ economics }) => {
      const found = economics.breakEven.find(({ option }) => option === 'self-hosted');
      return found ? formatVolume(found.callsPerMonth) : '-';
    }),
    row('which is', ({ economics }) => {
      const found = economics.breakEven.find(({ option }) => option === 'self-hosted');
      return found ? formatWhen(found.months, economics.at) : '-';
    }),
    row(
      'Phase',
      ({ roadmap }) => roadmap.phases.find(({ id }) => id === roadmap.phase)?.label ?? roadmap.phase,
    ),
    row('First step', ({ roadmap }) => roadmap.next[0]?.title ?? '-'),
  ];
  const facts = FACT_IDS.map((id) => {
    const shown = variants.map(({ advice }) => evidenceOf(advice.profile, [id])[0]);
    return { label: shown[0]?.label ?? id, cells: shown.map((evidence) => evidence?.shown ?? '') };
  }).filter(({ cells }) => new Set(cells).size > 1);
  return { findings, facts };
}

function comparison(variants: readonly Variant[]): Markup {
  const { findings, facts } = compare(variants);
  const [first] = variants as [Variant];
  const rows = (list: readonly ComparedRow[]) =>
    list.map(
      ({ label, cells }) =>
        html`<tr><th>${label}</th>${cells.map((cell) => html`<td class="${cell === cells[0] ? '' : 'warn'}">${cell}</td>`)}</tr>`,
    );
  const reasons = variants
    .slice(1)
    .map(
      ({ name, advice }) => html`<li><strong>${name}</strong>: ${differenceOf(first.advice, advice)}</li>`,
    );
  return html`<ul>${reasons}</ul><div class="scroll"><table><thead><tr><th></th>${variants.map(({ name }) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows(findings)}</tbody>
<thead><tr><th colspan="${variants.length + 1}">Facts that differ</th></tr></thead><tbody>${rows(facts)}</tbody></table></div>`;
}

/** In words, what an advice says otherwise than the first, and the first question where the paths part. */
function differenceOf(first: Advice, other: Advice): string {
  const [base, changed] = [first.decision.base, other.decision.base];
  const name = (id: typeof base) => (id === null ? 'not settled' : labelOf(id));
  const what = base === changed ? `still ${name(base)}` : `${name(base)} becomes ${name(changed)}`;
  const parting = other.path.steps.find((step, index) => step.answer !== first.path.steps[index]?.answer);
  const newlyOut = other.scorecard.bases.flatMap(({ target, excluded }) => {
    const before = first.scorecard.bases.find((one) => one.target === target);
    const [reason] = excluded;
    return reason && before?.excluded.length === 0
      ? [`${labelOf(target)} is ruled out: ${reason.reason}`]
      : [];
  });
  const why = parting ? [`"${parting.text}" is answered ${parting.answer}: ${parting.because}`] : [];
  return [what, ...why, ...newlyOut].join('; ');
}

function markdown(variants: readonly Variant[]): string {
  const [first] = variants as [Variant];
  if (variants.length === 1) return `${markdownOf(first.advice)}\n`;
  const { findings, facts } = compare(variants);
  const table = (rows: readonly ComparedRow[]) => [
    `| | ${variants.map(({ name }) => cell(name)).join(' | ')} |`,
    `|---|${variants.map(() => '---|').join('')}`,
    ...rows.map(({ label, cells }) => `| ${cell(label)} | ${cells.map(cell).join(' | ')} |`),
  ];
  return [
    `# ${first.advice.task}: ${variants.length} reports side by side`,
    '',
    ...variants.slice(1).map(({ name, advice }) => `- **${name}**: ${differenceOf(first.advice, advice)}`),
    '',
    ...table(findings),
    '',
    '## Facts that differ',
    '',
    ...table(facts),
    '',
    ...variants.flatMap(({ name, advice }) => [`---`, '', `**${name}**`, '', markdownOf(advice), '']),
  ].join('\n');
}

function markdownOf(advice: Advice): string {
  const { path, decision, scorecard, economics, roadmap, watchOuts } = advice;
  const cost = (id: string) => {
    const value = figureValue(economics, id);
    return value ? formatRange(value, 'USD') : '-';
  };
  return [
    `# ${advice.finding}`,
    '',
    ...advice.contradictions.map(({ message }) => `> Contradiction: ${message}`),
    ...(decision.agree ? [] : [`> Path and scorecard differ. ${decision.reason}`, '']),
    '## Decision path',
    '',
    ...path.steps.map(
      ({ text, answer, because }, index) => `${index + 1}. ${text} **${answer}**. ${because}`,
    ),
    '',
    `**${path.recommendation}**`,
    '',
    '## Options',
    '',
    '| option | score of 10 | USD a month | next 12 months | ruled out by |',
    '|---|---|---|---|---|',
    ...scorecard.bases.map(({ target, label, total, excluded }) => {
      const option = economics.options.find((one) => one.option === target);
      return `| ${cell(label)} | ${formatRange(total, 'ratio')} | ${option ? cost(option.usdPerMonth) : '-'} | ${option ? cost(option.usdNextYear) : '-'} | ${cell(excluded.map(({ reason }) => reason).join(' '))} |`;
    }),
    '',
    ...moneyLines(advice),
    `## Next: ${roadmap.phases.find(({ id }) => id === roadmap.phase)?.label ?? roadmap.phase}`,
    '',
    ...roadmap.next.map(
      ({ title, effort, why, command }, index) =>
        `${index + 1}. **${title}** (${effort}). ${why}${command === null ? '' : ` \`${command}\``}`,
    ),
    '',
    '## Watch out',
    '',
    ...watchOuts.map(({ text, because }) => `- ${text}${because === null ? '' : ` ${because}`}`),
    '',
    '## Figures',
    '',
    '| figure | value | formula |',
    '|---|---|---|',
    ...economics.figures.map(
      ({ label, value, unit, formula }) =>
        `| ${cell(label)} | ${formatInterval(value, unit).text} | ${cell(formula)} |`,
    ),
  ].join('\n');
}

/** Break-even, flip points and levers. */
function moneyLines({ economics, flipPoints, levers }: Advice): string[] {
  return [
    '## Break-even against the hosted API',
    '',
    ...economics.breakEven.map(
      ({ option, callsPerMonth, months }) =>
        `- ${labelOf(option)}: ${formatVolume(callsPerMonth)}; ${formatWhen(months, economics.at)}`,
    ),
    '',
    '## What would change the answer',
    '',
    ...(flipPoints.length === 0
      ? ['No single number, moved over its plausible range.']
      : flipPoints.map(
          ({ label, from, to, unit, becomes }) =>
            `- ${label}: from ${from.toPrecision(2)} to ${to.toPrecision(2)} ${unit}: ${becomes}`,
        )),
    '',
    '## Levers at hand',
    '',
    ...levers.map(({ label, saves, needs }) => {
      const value = figureValue(economics, saves);
      return `- ${label}: ${value ? formatInterval(value, 'USD/month').text : '-'}. ${needs}`;
    }),
    '',
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
