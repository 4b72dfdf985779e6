/** The advice on a terminal: finding, path, options with cost, layers, flip points, what next. */
import type { Advice, BaseScore, Path, PathStep } from '../advisor/advice.ts';
import type { OptionId } from '../advisor/economics/economics.ts';
import { labelOf } from '../advisor/options.ts';
import { range } from '../advisor/path/answers.ts';
import { monthlyCost } from '../advisor/quantities.ts';
import { type CliIo, commandName, paint } from './io.ts';
import { printable, renderTable } from './table.ts';

const SHOWN_QUESTIONS = 3;

export function renderAdvice(advice: Advice, io: CliIo): string {
  const { decision, path, roadmap, openQuestions } = advice;
  const head = (text: string): string => `\n${paint(io, 'bold', text)}`;
  const lines = [
    paint(io, 'bold', printable(advice.finding)),
    ...advice.contradictions.map(({ message }) => paint(io, 'yellow', `! ${printable(message)}`)),
    head('Decision path'),
    ...renderPath(path, io),
    ...[decision.reason, decision.layerReason].flatMap((reason) =>
      reason === null ? [] : [paint(io, 'yellow', `! ${reason}`)],
    ),
    head('Options'),
    renderBases(advice, io).trimEnd(),
    head('On top'),
    ...advice.scorecard.layers
      .filter(({ verdict }) => verdict === 'now' || verdict === 'later')
      .map(
        ({ label, verdict, because }) =>
          `${verdict === 'now' ? paint(io, 'green', 'now  ') : paint(io, 'dim', 'later')} ${label}. ${because}`,
      ),
    ...(advice.flipPoints.length > 0 ? [head('What would change the cheapest option')] : []),
    ...advice.flipPoints
      .slice(0, SHOWN_QUESTIONS)
      .map(
        ({ label, from, to, unit, answer, becomes }) =>
          `${label}: from ${shown(from)} to ${shown(to)} ${unit}, and ${answer} becomes ${becomes}`,
      ),
    head(`Next, in ${roadmap.phases.find(({ id }) => id === roadmap.phase)?.label ?? roadmap.phase}`),
    paint(io, 'dim', roadmap.because),
    ...roadmap.next.flatMap(({ title, why, effort, command }, index) => [
      `${index + 1}. ${title} (${effort})`,
      paint(io, 'dim', `   ${why}`),
      ...(command === null ? [] : [`   ${commandName()} ${command.replace(/^trimtab /, '')}`]),
    ]),
    ...(openQuestions.length > 0 ? [head('Worth finding out, most telling first')] : []),
    ...openQuestions
      .slice(0, SHOWN_QUESTIONS)
      .map(({ fact, question }) => `${question} ${paint(io, 'dim', fact)}`),
    ...(advice.watchOuts.length > 0 ? [head('Watch out')] : []),
    ...advice.watchOuts
      .filter(({ because }, index) => because !== null || index < SHOWN_QUESTIONS)
      .map(({ text, because }) => `${text}${because === null ? '' : ` ${paint(io, 'yellow', because)}`}`),
  ];
  return `${lines.join('\n')}\n`;
}

function renderPath(path: Path, io: CliIo, indent = ''): string[] {
  const steps = path.steps.flatMap((step) => renderStep(step, io).map((line) => indent + line));
  if (path.fork === null || path.fork.question === 'failures') {
    return [...steps, `${indent}→ ${path.recommendation}`];
  }
  const branch = (answer: string, next: Path): string[] => [
    `${indent}  ${answer}:`,
    ...renderPath(next, io, `${indent}    `),
  ];
  return [...steps, ...branch('if yes', path.fork.ifYes), ...branch('if no', path.fork.ifNo)];
}

function renderStep({ text, answer, certainty, because }: PathStep, io: CliIo): string[] {
  const word = certainty === 'likely' ? `likely ${answer}` : answer;
  return [
    `${text} ${paint(io, answer === 'unknown' ? 'yellow' : 'cyan', word)}`,
    paint(io, 'dim', `  ${because}`),
  ];
}

function renderBases({ scorecard, economics, decision }: Advice, io: CliIo): string {
  return renderTable<BaseScore>(
    io,
    [
      {
        title: 'option',
        min: 16,
        cell: ({ target }) => `${target === decision.base ? '→ ' : '  '}${labelOf(target)}`,
      },
      {
        title: 'score of 10',
        align: 'right',
        cell: ({ total }) => `${total.mid.toFixed(1)} (${total.low.toFixed(1)} to ${total.high.toFixed(1)})`,
      },
      {
        title: 'USD a month',
        align: 'right',
        cell: ({ target }) => {
          const cost = monthlyCost(economics, target satisfies OptionId);
          return cost ? range(cost) : 'not worked out';
        },
      },
      {
        title: 'ruled out by',
        min: 12,
        drop: 1,
        cell: ({ excluded, possiblyExcluded }) =>
          excluded.length > 0
            ? excluded.map(({ reason }) => reason).join(' ')
            : possiblyExcluded.map(({ constraint }) => `${constraint}?`).join(' '),
        style: ({ excluded }) => (excluded.length > 0 ? 'red' : 'dim'),
      },
    ],
    { rows: scorecard.bases },
  );
}

function shown(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 8 });
}
