import { defineCommand } from 'citty';
import { effectInWords } from '../advisor/recommendation/effect-words.ts';
import type { PortfolioAnswer, PortfolioRow, RoadmapAnswer, RoadmapRow } from '../control/api-types.ts';
import { formatUsd } from '../core/money.ts';
import { clientArgs, withClient } from './client.ts';
import { CliError, type CliIo, type CommandData, commandName, EXIT, printJson } from './io.ts';
import { printable, renderTable } from './table.ts';

/** `trimtab portfolio`. */
export const portfolioCommand = defineCommand({
  meta: {
    name: 'portfolio',
    description:
      'All advised tasks: spend of 30 days, risk, phase and the next best move. Example: portfolio --json',
  },
  args: clientArgs,
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const answer = await client.get<PortfolioAnswer>('/api/v1/portfolio');
      if (args.json) printJson(io, answer);
      else io.out(renderPortfolio(answer, io));
    });
  },
});

/** `trimtab roadmap`. */
export const roadmapCommand = defineCommand({
  meta: {
    name: 'roadmap',
    description:
      'Phase of each task, what ends it, and the next steps of one. Example: roadmap --task support-reply',
  },
  args: { task: { type: 'string', description: 'Its exit criteria and next steps' }, ...clientArgs },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const answer = await client.get<RoadmapAnswer>('/api/v1/roadmap');
      const { task } = args;
      const row = answer.tasks.find((one) => one.task === task);
      if (task !== undefined && !row)
        throw new CliError(
          EXIT.failed,
          `No advice for ${task}: ${commandName()} advise --task ${task} --publish`,
        );
      if (args.json) printJson(io, row ?? answer);
      else io.out(row ? renderTask(row, answer) : renderRoadmap(answer, io));
    });
  },
});

function nothing(unadvised: readonly string[]): string {
  const tasks = unadvised.length === 0 ? '' : ` (${unadvised.join(', ')})`;
  return printable(
    `No task is advised yet${tasks}: publish a profile, ${commandName()} advise --profile profile.yaml --publish, or let 100 real calls come in.`,
  ).concat('\n');
}

function renderPortfolio({ tasks, next, unadvised }: PortfolioAnswer, io: CliIo): string {
  if (tasks.length === 0) return nothing(unadvised);
  const head =
    next === null
      ? ''
      : `${printable(`Next best move: ${next.title} for ${next.task}: ${effectInWords(next.predictedUsdPerMonth)}.`)}\n\n`;
  return (
    head +
    renderTable<PortfolioRow>(
      io,
      [
        { title: 'task', min: 8, cell: ({ task }) => task },
        {
          title: 'spend, 30 d',
          align: 'right',
          cell: ({ costNanoUsd }) => (costNanoUsd === null ? 'not known' : formatUsd(costNanoUsd)),
        },
        {
          title: 'risk',
          align: 'right',
          cell: ({ risk }) => String(risk),
          style: ({ risks }) => (risks.some(({ weight }) => weight === 3) ? 'red' : undefined),
        },
        { title: 'most of all', min: 16, drop: 2, cell: ({ risks }) => risks[0]?.text ?? '-' },
        { title: 'phase', drop: 1, cell: ({ phase }) => phase },
        {
          title: 'next',
          min: 16,
          cell: ({ move, step }) =>
            move ? `${move.title}: ${effectInWords(move.predictedUsdPerMonth)}` : (step?.title ?? '-'),
        },
      ],
      { rows: tasks },
    )
  );
}

function renderRoadmap({ tasks, unadvised }: RoadmapAnswer, io: CliIo): string {
  if (tasks.length === 0) return nothing(unadvised);
  return renderTable<RoadmapRow>(
    io,
    [
      { title: 'task', min: 8, cell: ({ task }) => task },
      { title: 'phase', cell: ({ phase }) => phase },
      {
        title: 'exit met',
        align: 'right',
        cell: ({ exit }) => `${exit.filter(({ met }) => met === true).length}/${exit.length}`,
      },
      { title: 'next step', min: 16, cell: ({ steps }) => steps[0]?.title ?? '-' },
      { title: 'because', min: 16, drop: 1, cell: ({ because }) => because },
    ],
    { rows: tasks },
  );
}

const MET = new Map<boolean | null, string>([
  [true, 'met'],
  [false, 'open'],
  [null, 'not known'],
]);

function renderTask({ task, phase, because, exit, steps }: RoadmapRow, { phases }: RoadmapAnswer): string {
  const label = phases.find(({ id }) => id === phase)?.label ?? phase;
  const lines = [
    `${task}: ${label}. ${because}`,
    '',
    ...exit.map(({ text, met, current }) => `${(MET.get(met) ?? '').padEnd(9)}  ${text} (${current})`),
    ...steps.flatMap(({ title, why, effort, effect, command, recommendation }, index) => [
      '',
      `${index + 1}. ${title}`,
      `   ${why}`,
      `   effort: ${effort}; effect: ${effect}`,
      ...(recommendation === null
        ? []
        : [`   decide: ${commandName()} recommendations accept ${recommendation}`]),
      ...(command === null ? [] : [`   start:  ${command}`]),
    ]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
