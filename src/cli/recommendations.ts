import { defineCommand } from 'citty';
import { effectInWords } from '../advisor/recommendation/effect-words.ts';
import type {
  AdviceRequested,
  CalibrationAnswer,
  RecommendationAnswer,
  RecommendationsAnswer,
} from '../control/api-types.ts';
import { type Client, clientArgs, withClient } from './client.ts';
import { type CliIo, type CommandData, commandName, printJson } from './io.ts';
import { printable, renderTable } from './table.ts';
import { formatMoment } from './when.ts';

const PATH = '/api/v1/recommendations';
const listArgs = {
  task: { type: 'string', description: 'Of one task' },
  state: {
    type: 'string',
    description: 'proposed, accepted, proving, adopted, rejected or realised',
    valueHint: 'state',
  },
  ...clientArgs,
} as const;

interface Asked {
  task?: string | undefined;
  state?: string | undefined;
  'data-dir'?: string | undefined;
  json?: boolean | undefined;
}

/** Asks, then prints JSON or words. */
async function answer<T>(
  io: CliIo,
  args: Asked,
  { ask, render }: { ask(client: Client): Promise<T>; render(found: T): string },
): Promise<void> {
  await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
    const found = await ask(client);
    if (args.json) printJson(io, found);
    else io.out(render(found));
  });
}

const list = (io: CliIo, args: Asked) =>
  answer(io, args, {
    ask: (client) => client.get<RecommendationsAnswer>(PATH, { task: args.task, state: args.state }),
    render: (found) => renderList(found, io),
  });

const listCommand = defineCommand({
  meta: { name: 'list', description: 'Recommendations, newest first' },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

const id = { type: 'positional', required: true, description: 'Recommendation id' } as const;

const showCommand = defineCommand({
  meta: { name: 'show', description: 'One recommendation: evidence, prediction, history, what was measured' },
  args: { id, ...clientArgs },
  run: ({ args, data }) => {
    const { io } = data as CommandData;
    return answer(io, args, {
      ask: (client) => client.get<RecommendationAnswer>(`${PATH}/${encodeURIComponent(args.id)}`),
      render: (one) => renderOne(one, io),
    });
  },
});

/** A decision on one: `name` is also the last part of its path. */
function actCommand(name: string, description: string, needsReason = false) {
  return defineCommand({
    meta: { name, description },
    args: {
      id,
      reason: {
        type: 'string',
        required: needsReason,
        description: 'Why, in words; kept in the history',
        valueHint: 'text',
      },
      by: { type: 'string', description: 'Who decides; default $USER', valueHint: 'name' },
      ...clientArgs,
    },
    run: ({ args, data }) => {
      const { io } = data as CommandData;
      const { reason } = args;
      const body = {
        by: args.by ?? io.env.USER ?? 'you',
        ...(reason === undefined ? {} : { note: String(reason) }),
      };
      return answer(io, args, {
        ask: (client) =>
          client.post<RecommendationAnswer>(`${PATH}/${encodeURIComponent(args.id)}/${name}`, body),
        render: ({ title, task, state }) => `${printable(`${title} for ${task} is ${state}.`)}\n`,
      });
    },
  });
}

const calibrationCommand = defineCommand({
  meta: { name: 'calibration', description: 'How often what was measured fell inside what was predicted' },
  args: clientArgs,
  run: ({ args, data }) => {
    const { io } = data as CommandData;
    return answer(io, args, {
      ask: (client) => client.get<CalibrationAnswer>(`${PATH}/calibration`),
      render: (found) => renderCalibration(found, io),
    });
  },
});

const renewCommand = defineCommand({
  meta: { name: 'renew', description: 'Have every task advised anew, in the background of the server' },
  args: clientArgs,
  run: ({ args, data }) => {
    const { io } = data as CommandData;
    return answer(io, args, {
      async ask(client) {
        const asked = await client.post<AdviceRequested>('/api/v1/advice/renew');
        if (client.url === null) io.err('No server runs here: the next one that starts does it.\n');
        return asked;
      },
      render: ({ jobId }) => `${jobId}\n`,
    });
  },
});

/** `trimtab recommendations`. */
export const recommendationsCommand = defineCommand({
  meta: {
    name: 'recommendations',
    description:
      'What the advisor proposes, what was decided, and what came of it. ' +
      'Example: recommendations reject rec_... --reason "the facts are in the prompt"',
  },
  subCommands: {
    list: listCommand,
    show: showCommand,
    accept: actCommand('accept', 'It is to be proved'),
    reject: actCommand('reject', 'It is not to be done, with the reason', true),
    prove: actCommand('prove', 'Its proof has begun'),
    adopt: actCommand('adopt', 'It is in force: from now on its effect is measured'),
    reopen: actCommand('reopen', 'Propose a rejected one again'),
    calibration: calibrationCommand,
    renew: renewCommand,
  },
  args: listArgs,
  run: ({ args, data }) => list((data as CommandData).io, args),
});

function renderList({ recommendations }: RecommendationsAnswer, io: CliIo): string {
  if (recommendations.length === 0)
    return `Nothing is recommended: ${commandName()} advise --profile profile.yaml --publish, or ${commandName()} recommendations renew\n`;
  const now = io.now();
  return renderTable<RecommendationAnswer>(
    io,
    [
      { title: 'id', cell: ({ id }) => id },
      { title: 'task', min: 8, cell: ({ task }) => task },
      { title: 'recommendation', min: 12, cell: ({ title }) => title },
      {
        title: 'state',
        cell: ({ state, doubt }) => (doubt === null ? state : `${state}, in doubt`),
        style: ({ doubt }) => (doubt === null ? undefined : 'yellow'),
      },
      { title: 'effect', min: 12, drop: 2, cell: effectOf },
      { title: 'changed', drop: 1, cell: ({ changedAt }) => formatMoment(changedAt, now) },
    ],
    { rows: recommendations },
  );
}

/** What was measured stands before what was predicted. */
function effectOf({ predictedUsdPerMonth, realised }: RecommendationAnswer): string {
  if (realised) return `measured: ${effectInWords(realised.usdPerMonth)}`;
  return effectInWords(predictedUsdPerMonth);
}

function renderOne(one: RecommendationAnswer, io: CliIo): string {
  const now = io.now();
  const { realised } = one;
  const lines = [
    `${one.title} for ${one.task} is ${one.state}`,
    one.why,
    ...(one.doubt === null ? [] : [`in doubt   ${one.doubt}`]),
    `predicted  ${effectInWords(one.predictedUsdPerMonth)}`,
    ...(realised === null
      ? []
      : [
          `measured   ${effectInWords(realised.usdPerMonth)}, from ${realised.callsBefore} sampled calls before and ${realised.callsAfter} since${insideOf(realised.inside)}`,
        ]),
    `proof      ${one.proof}`,
    ...(one.command === null ? [] : [`starts by  ${one.command}`]),
    ...(one.next.length === 0 ? [] : [`next       ${one.next.join(', ')}`]),
    '',
    ...one.evidence.map(({ fact, value, source }) => `${fact}: ${value} (${source})`),
    '',
    ...one.history.map(
      ({ at, to, by, note }) => `${formatMoment(at, now)}  ${to} by ${by}${note === null ? '' : `: ${note}`}`,
    ),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function insideOf(inside: boolean | null): string {
  if (inside === null) return '';
  return inside ? '; inside the prediction' : '; outside the prediction';
}

function renderCalibration(found: CalibrationAnswer, io: CliIo): string {
  const { measured, inside, share, shareInterval, waiting, effects } = found;
  const wait = waiting === 0 ? '' : ` ${waiting} adopted and not measured yet.`;
  if (share === null || shareInterval === null)
    return `Nothing was measured yet: adopt a recommendation, and seven days with 100 calls say what came of it.${wait}\n`;
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const head =
    `${inside} of ${measured} measured effects (${percent(share)}) fell inside the predicted 80 % interval; ` +
    `so few stand for ${percent(shareInterval.low)} to ${percent(shareInterval.high)}.${wait}\n\n`;
  return (
    head +
    renderTable<CalibrationAnswer['effects'][number]>(
      io,
      [
        { title: 'task', min: 8, cell: ({ task }) => task },
        { title: 'recommendation', min: 12, cell: ({ title }) => title },
        { title: 'predicted', min: 12, cell: (one) => effectInWords(one.predictedUsdPerMonth) },
        { title: 'measured', min: 12, cell: ({ realised }) => effectInWords(realised.usdPerMonth) },
        {
          title: 'inside',
          cell: ({ realised }) => (realised.inside === false ? 'no' : realised.inside ? 'yes' : '-'),
        },
      ],
      { rows: effects },
    )
  );
}
