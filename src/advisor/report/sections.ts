/** The sections of a report on one task, in the order a meeting reads them. */
import type { Interval } from '../../core/interval.ts';
import type { Advice, BaseScore, DimensionScore, Path, PathStep } from '../advice.ts';
import { formatInterval } from '../economics/format-interval.ts';
import { priorOf } from '../economics/quantity.ts';
import { labelOf } from '../options.ts';
import { FACT_IDS } from '../profile/fields/index.ts';
import { evidenceOf, sourceOf } from '../profile/reader.ts';
import { figureValue } from '../quantities.ts';
import { breakEvenChart, breakEvenTable, costOf } from './break-even-chart.ts';
import { html, type Markup } from './markup.ts';
import { formatNumber, formatRange, formatVolume, formatWhen, unitWords } from './number.ts';

const DAY_CHARS = 10;

export function sectionsOf(advice: Advice): Markup[] {
  return [
    opening(advice),
    pathSection(advice),
    scoreSection(advice),
    costSection(advice),
    breakEvenSection(advice),
    forecastSection(advice),
    flipSection(advice),
    leverSection(advice),
    roadmapSection(advice),
    watchSection(advice),
    factSection(advice),
    figureSection(advice),
  ];
}

function opening({ finding, at, task, contradictions, openQuestions, decision }: Advice): Markup {
  return html`<p class="eyebrow">Trimtab advice · ${task} · ${day(at)}</p>
<h1>${finding}</h1>
${contradictions.map(({ message }) => html`<p class="bad">Contradiction: ${message}</p>`)}
${decision.agree ? null : html`<p class="warn">Decision path and scorecard differ. ${decision.reason}</p>`}
${decision.layerReason === null ? null : html`<p class="warn">${decision.layerReason}</p>`}
${
  openQuestions.length === 0
    ? null
    : html`<p class="soft">Worth finding out first: ${openQuestions
        .slice(0, 3)
        .map(({ question }) => question)
        .join(' ')}</p>`
}`;
}

function pathSection({ path, decision }: Advice): Markup {
  return html`<h2>Decision path</h2>${pathList(path)}<p class="soft">${decision.base === null ? 'Not settled.' : `Advised: ${labelOf(decision.base)}.`}</p>`;
}

/** The visited questions as a drawn path, the taken branch lit, the evidence at each. */
export function pathList(path: Path): Markup {
  const fork = path.fork;
  return html`<ol class="path">${path.steps.map(stepItem)}<li class="end"><span class="dot">→</span><strong>${path.recommendation}</strong>${
    fork === null
      ? null
      : html`<div class="grid2"><div class="card"><small>if yes</small><p>${fork.ifYes.recommendation}</p></div><div class="card"><small>if no</small><p>${fork.ifNo.recommendation}</p></div></div>`
  }</li></ol>`;
}

function stepItem(step: PathStep, index: number): Markup {
  const branch = (answer: 'yes' | 'no', leadsTo: string) =>
    html`<span class="branch${step.answer === answer ? ' taken' : ''}">${answer}: ${leadsTo}${step.answer === answer && step.certainty === 'likely' ? ' (likely)' : ''}</span>`;
  return html`<li class="${step.answer === 'unknown' ? 'unknown' : 'known'}"><span class="dot">${index + 1}</span><strong>${step.text}</strong>
<div class="branches">${branch('yes', step.ifYes)}${branch('no', step.ifNo)}${step.answer === 'unknown' ? html`<span class="branch warn">not known</span>` : null}</div>
<p>${step.because}</p>${step.evidence.map(({ label, shown, source }) => html`<p class="evidence">${label}: ${shown} · ${source}</p>`)}</li>`;
}

function scoreSection({ scorecard, decision }: Advice): Markup {
  return html`<h2>Scorecard</h2><p class="soft">0 to 10 in five dimensions, weighted; the band holds 80 % of the draws. What the constraints rule out is not weighed.</p>
<div class="scroll"><table><thead><tr><th>option</th><th class="n">score</th><th></th><th class="n">best in</th></tr></thead><tbody>${scorecard.bases.map((base) => baseRow(base, decision.base === base.target))}</tbody></table></div>
${scorecard.bases.filter(({ excluded }) => excluded.length === 0).map(({ label, dimensions }) => html`<details><summary>Why ${label} scores so</summary>${dimensionTable(dimensions)}</details>`)}
<h3>On top</h3><div class="scroll"><table><tbody>${scorecard.layers.map(({ label, verdict, because, total }) => html`<tr><td><span class="tag ${verdict}">${verdict}</span></td><th>${label}</th><td>${because}</td><td class="n">${verdict === 'excluded' ? null : formatScore(total)}</td></tr>`)}</tbody></table></div>`;
}

function baseRow(
  { target, label, total, bestShare, excluded, possiblyExcluded }: BaseScore,
  advised: boolean,
): Markup {
  const why = [
    ...excluded.map(({ reason }) => reason),
    ...possiblyExcluded.map(({ reason }) => `Perhaps: ${reason}`),
  ];
  return html`<tr><th>${advised ? '→ ' : ''}${label}${why.map((text) => html`<br><small class="${excluded.length > 0 ? 'bad' : 'soft'}">${text}</small>`)}</th>
<td class="n">${excluded.length > 0 ? html`<span class="tag excluded">ruled out</span>` : formatScore(total)}</td><td class="series ${target}">${excluded.length > 0 ? null : bar(total)}</td><td class="n">${excluded.length > 0 ? null : `${Math.round(bestShare * 100)} % of draws`}</td></tr>`;
}

function dimensionTable(dimensions: readonly DimensionScore[]): Markup {
  return html`<div class="scroll"><table><thead><tr><th>dimension</th><th class="n">weight</th><th class="n">score</th><th>what moved it</th></tr></thead><tbody>${dimensions.map(
    ({ label, weight, score, contributions }) =>
      html`<tr><th>${label}</th><td class="n">${formatRange(weight, 'ratio')}</td><td class="n">${formatScore(score)}</td><td>${
        contributions.length === 0
          ? 'Nothing speaks for or against it.'
          : contributions.map(
              ({ says, points, facts, known }) =>
                html`<div>${signed(points)} ${says} <small class="soft">${known ? '' : 'not known; '}${facts.map((fact, index) => html`${index > 0 ? ', ' : ''}<a href="#fact-${fact}">${fact}</a>`)}</small></div>`,
            )
      }</td></tr>`,
  )}</tbody></table></div>`;
}

function costSection(advice: Advice): Markup {
  const { options } = advice.economics;
  const amount = (id: string | null) => {
    if (id === null) return '-';
    const value = figureValue(advice.economics, id);
    return value ? html`<a href="#figure-${id}">${formatRange(value, 'USD')}</a>` : '-';
  };
  return html`<h2>What each option costs</h2><p class="soft">USD, 80 % intervals. Every number links to its formula and to the facts it came from.</p>
<div class="scroll"><table><thead><tr><th>option</th><th class="n">a month</th><th class="n">next 12 months</th><th class="n">once</th><th class="n">a million tokens</th><th class="n">cheapest in</th></tr></thead><tbody>${options.map(
    ({ label, usdPerMonth, usdNextYear, usdOnce, usdPerMillionTokens, cheapestShare }) =>
      html`<tr><th>${label}</th><td class="n">${amount(usdPerMonth)}</td><td class="n">${amount(usdNextYear)}</td><td class="n">${amount(usdOnce)}</td><td class="n">${amount(usdPerMillionTokens)}</td><td class="n">${Math.round(cheapestShare * 100)} % of draws</td></tr>`,
  )}</tbody></table></div>`;
}

function breakEvenSection(advice: Advice): Markup {
  const { breakEven, at } = advice.economics;
  const hosted = costOf(advice, 'hosted-api');
  return html`<h2>Break-even</h2>${hosted === null ? null : html`<p>Today's calls cost ${formatInterval(hosted, 'USD/month').text} by hosted API.</p>`}
<figure style="margin:12px 0">${breakEvenChart(advice)}<figcaption>Bands hold 80 % of the draws; the grey stripe is today's volume.</figcaption></figure>${breakEvenTable(advice)}
<div class="scroll"><table><thead><tr><th>instead of the hosted API</th><th>costs less from</th><th>when</th><th class="n">never in</th></tr></thead><tbody>${breakEven.map(
    ({ option, callsPerMonth, months, neverShare }) =>
      html`<tr><th>${labelOf(option)}</th><td>${formatVolume(callsPerMonth)}</td><td>${formatWhen(months, at)}</td><td class="n">${Math.round(neverShare * 100)} % of draws</td></tr>`,
  )}</tbody></table></div>`;
}

function forecastSection({ economics }: Advice): Markup {
  const { forecast } = economics;
  const sum = (id: string) => {
    const value = figureValue(economics, id);
    return value ? html`<a href="#figure-${id}">${formatInterval(value, 'calls').text}</a>` : '-';
  };
  return html`<h2>Forecast</h2><p>Next 6 months: ${sum(forecast.callsNext6Months)}. Next 12 months: ${sum(forecast.callsNext12Months)}.</p>
<details><summary>Month by month</summary><table><thead><tr><th>month</th><th class="n">calls, 80 % interval</th></tr></thead><tbody>${forecast.months.map(({ month, calls }) => html`<tr><td>${month}</td><td class="n">${formatRange(calls, 'calls')}</td></tr>`)}</tbody></table></details>`;
}

function flipSection({ flipPoints }: Advice): Markup {
  if (flipPoints.length === 0)
    return html`<h2>What would change the answer</h2><p>No single number, moved over its plausible range, makes another option the cheapest.</p>`;
  return html`<h2>What would change the answer</h2><ul>${flipPoints.map(
    ({ label, unit, from, to, answer, becomes, withinInterval }) =>
      html`<li>${label}: from ${formatNumber(from, 2)} to ${formatNumber(to, 2)} ${unitWords(unit)}, and the cheapest is no longer ${answer} but ${becomes}.${withinInterval ? html` <span class="warn">That lies within what is known: the answer is not safe.</span>` : null}</li>`,
  )}</ul>`;
}

function leverSection(advice: Advice): Markup {
  const { levers, economics } = advice;
  return html`<h2>Levers at hand</h2><div class="scroll"><table><thead><tr><th>lever</th><th class="n">would save a month, USD</th><th>needs</th></tr></thead><tbody>${levers.map(
    ({ label, saves, needs }) => {
      const value = figureValue(economics, saves);
      return html`<tr><th>${label}</th><td class="n">${value ? html`<a href="#figure-${saves}">${formatRange(value, 'USD')}</a>` : '-'}</td><td>${needs}</td></tr>`;
    },
  )}</tbody></table></div>`;
}

function roadmapSection({ roadmap }: Advice): Markup {
  const phase = roadmap.phases.find(({ id }) => id === roadmap.phase);
  return html`<h2>Roadmap</h2><p><strong>${phase?.label ?? roadmap.phase}.</strong> ${roadmap.because}</p>
<h3>Next</h3><ol class="steps">${roadmap.next.map(
    ({ title, why, effort, effect, command }) =>
      html`<li><strong>${title}</strong> <span class="tag">${effort}</span><br>${why} ${effect}${command === null ? null : html`<br><code>${command}</code>`}</li>`,
  )}</ol>
<h3>This phase is over when</h3><table><tbody>${roadmap.exit.map(({ text, current, met }) => html`<tr><td>${met === null ? 'not known' : met ? 'met' : 'open'}</td><th>${text}</th><td>${current}</td></tr>`)}</tbody></table>`;
}

function watchSection({ watchOuts }: Advice): Markup {
  return html`<h2>Watch out</h2><ul>${watchOuts.map(({ text, because, see }) => html`<li>${text}${because === null ? null : html` <span class="warn">${because}</span>`} <small class="soft">${see}</small></li>`)}</ul>`;
}

function factSection({ profile }: Advice): Markup {
  return html`<h2>Facts</h2><details open><summary>What is known, from where</summary><div class="scroll"><table><tbody>${evidenceOf(
    profile,
    FACT_IDS,
  ).map(
    ({ fact, label, shown, source, known }) =>
      html`<tr id="fact-${fact}"><th>${label}</th><td class="${known ? '' : 'soft'}">${shown}</td><td class="soft">${source}</td></tr>`,
  )}</tbody></table></div></details>`;
}

function figureSection({ economics }: Advice): Markup {
  const known = new Set([...economics.figures, ...economics.quantities].map(({ id }) => id));
  const link = (id: string, index: number) =>
    html`${index > 0 ? ', ' : ''}${known.has(id) ? html`<a href="#figure-${id}">${id}</a>` : id}`;
  return html`<h2>How every number was made</h2><details open><summary>Figures, formulas and what they rest on</summary><div class="scroll"><table><thead><tr><th>figure</th><th class="n">value</th><th>formula</th><th>from</th></tr></thead><tbody>${economics.figures.map(
    ({ id, label, formula, inputs, value, unit }) =>
      html`<tr id="figure-${id}"><th>${label}</th><td class="n">${formatInterval(value, unit).text}</td><td>${formula}</td><td>${inputs.map(link)}</td></tr>`,
  )}${economics.quantities.map(
    ({ id, value, source }) =>
      html`<tr id="figure-${id}"><th>${priorOf(id).label}</th><td class="n">${formatInterval(value, priorOf(id).unit).text}</td><td class="soft">${sourceOf(source)}</td><td></td></tr>`,
  )}</tbody></table></div></details>`;
}

function bar({ low, mid, high }: Interval): Markup {
  const at = (value: number) => Math.max(0, Math.min(100, value * 10)).toFixed(1);
  return html`<div class="bar" role="img" aria-label="${formatScore({ low, mid, high })}"><i style="left:${at(low)}%;right:${(100 - Number(at(high))).toFixed(1)}%"></i><b style="left:${at(mid)}%"></b></div>`;
}

function formatScore({ low, mid, high }: Interval): string {
  return `${mid.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function signed({ mid }: Interval): string {
  return mid > 0 ? `+${mid.toFixed(1)}` : mid < 0 ? `−${Math.abs(mid).toFixed(1)}` : '±0';
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, DAY_CHARS);
}
