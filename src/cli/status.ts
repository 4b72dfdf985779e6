import { defineCommand } from 'citty';
import type { StatusAnswer } from '../control/api-types.ts';
import { clientArgs, withClient } from './client.ts';
import { type CliIo, type CommandData, paint, printJson } from './io.ts';
import { printable } from './table.ts';
import { formatBytes, formatCount, formatDuration, formatMoment } from './when.ts';

/** `trimtab status`. */
export const statusCommand = defineCommand({
  meta: { name: 'status', description: 'What runs, from which config, and how it is doing' },
  args: { ...clientArgs },
  async run({ args, data }) {
    const { io } = data as CommandData;
    await withClient(io, { dataDir: args['data-dir'] }, async (client) => {
      const status = await client.get<StatusAnswer>('/api/v1/status');
      if (args.json) printJson(io, { running: client.url !== null, ...status });
      else io.out(renderStatus(status, { io, url: client.url }));
    });
  },
});

function renderStatus(status: StatusAnswer, { io, url }: { io: CliIo; url: string | null }): string {
  const now = io.now();
  const { storage, spool, process: health } = status;
  const running =
    url === null
      ? paint(io, 'yellow', 'not running; read from the data folder')
      : `${paint(io, 'green', 'running')} at ${url} for ${formatDuration(now - status.startedAt)}`;
  const kept = [
    `${formatCount(storage.calls)} calls`,
    formatBytes(storage.bytes),
    ...(storage.bytesPerCall === null
      ? []
      : [`${formatCount(Math.round(storage.bytesPerCall))} bytes per call`]),
    ...(storage.oldest === null ? [] : [`since ${formatMoment(storage.oldest, now)}`]),
  ].join(', ');
  const warn = (text: string): string => paint(io, 'yellow', text);
  const rows: [string, string][] = [
    ['Trimtab', `${status.version}, ${running}`],
    ['Stack', `${status.revision} from ${status.configFile ?? status.source}`],
    ...(status.configProblem === null
      ? []
      : [['', warn(`the config is not what runs: ${indented(status.configProblem)}`)] as [string, string]]),
    ...(status.sandboxOnly
      ? [['', warn('only the sandbox is configured: every call is simulated')] as [string, string]]
      : []),
    ['Store', `${status.engine}, ${status.database === 'ok' ? 'answers' : warn('does not answer')}, ${kept}`],
    ['Spool', `${spool.state === 'ok' ? 'ok' : warn('full')}, ${formatBytes(spool.pendingBytes)} waiting`],
    ...(health
      ? [
          [
            'Process',
            `${formatCount(health.callsServed)} calls served, ${health.openStreams} open streams, ${formatBytes(health.rssBytes)}, event loop p99 ${formatDuration(health.eventLoopDelayP99Ms)}`,
          ] as [string, string],
        ]
      : []),
  ];
  return `${rows.map(([name, value]) => `${paint(io, 'dim', name.padEnd(8))} ${value}`).join('\n')}\n`;
}

/** Later lines under the first. */
function indented(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join(`\n${' '.repeat(9)}`);
}
