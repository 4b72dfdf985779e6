import { defineCommand } from 'citty';
import { calibrate } from '../capacity/calibration/leave-one-out.ts';
import { readCalibrationRows } from '../capacity/calibration/rows.ts';
import type { Citation, GpuFacts, GpuPrice, ModelFacts } from '../capacity/capacity.ts';
import { gpuPrices, gpus, models } from '../capacity/facts/index.ts';
import { cacheBytesPerToken } from '../capacity/performance/performance-model.ts';
import { simulateCommand } from './capacity-simulate.ts';
import { type CliIo, type CommandData, paint, printJson } from './io.ts';
import { type Column, renderTable } from './table.ts';

const args = { json: { type: 'boolean', description: 'Print JSON, with every source' } } as const;
const billions = (count: number): string => `${(count / 1e9).toFixed(count < 1e10 ? 2 : 1)} B`;
const cited = (sources: readonly Citation[]): string =>
  sources.map(({ by, date }) => `${by}, ${date}`).join('; ');

const MODEL_COLUMNS: Column<ModelFacts>[] = [
  { title: 'model', cell: ({ id }) => id },
  { title: 'weights', align: 'right', cell: ({ parameters }) => billions(parameters) },
  { title: 'active', align: 'right', cell: ({ activeParameters }) => billions(activeParameters) },
  {
    title: 'cache a token',
    align: 'right',
    cell: (model) => `${(cacheBytesPerToken(model, 'bf16') / 1_024).toFixed(0)} KiB`,
  },
  { title: 'context', align: 'right', cell: ({ contextTokens }) => contextTokens.toLocaleString('en') },
  { title: 'licence', cell: ({ licence }) => licence, drop: 1 },
  { title: 'source', cell: ({ sources }) => cited(sources), drop: 2 },
];

const tera = (value: number | null): string => (value === null ? '' : (value / 1e12).toLocaleString('en'));
const GPU_COLUMNS: Column<GpuFacts>[] = [
  { title: 'gpu', cell: ({ id }) => id },
  { title: 'memory', align: 'right', cell: ({ memoryBytes }) => `${(memoryBytes / 2 ** 30).toFixed(0)} GiB` },
  { title: 'TB/s', align: 'right', cell: ({ bandwidthBytesPerSecond }) => tera(bandwidthBytesPerSecond) },
  { title: 'bf16 TFLOPS', align: 'right', cell: ({ flops }) => tera(flops.bf16) },
  { title: 'fp8', align: 'right', cell: ({ flops }) => tera(flops.fp8) },
  { title: 'fp4', align: 'right', cell: ({ flops }) => tera(flops.fp4) },
  { title: 'watts', align: 'right', cell: ({ boardWatts }) => String(boardWatts), drop: 1 },
  { title: 'source', cell: ({ sources }) => cited(sources), drop: 2 },
];

const PRICE_COLUMNS: Column<GpuPrice>[] = [
  { title: 'gpu', cell: ({ gpu }) => gpu },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'provider', cell: ({ provider }) => provider },
  { title: 'USD a GPU hour', align: 'right', cell: ({ usdPerGpuHour }) => usdPerGpuHour.toFixed(2) },
  { title: 'region', cell: ({ region }) => region ?? '', drop: 1 },
  { title: 'source', cell: ({ source }) => cited([source]), drop: 2 },
];

/** A table with a command of its own; citty types each command by its flags. */
function listCommand<Row>(
  name: string,
  description: string,
  { columns, rows }: { columns: Column<Row>[]; rows: readonly Row[] },
) {
  return defineCommand({
    meta: { name, description },
    args,
    run: ({ args: { json }, data }) => {
      const { io } = data as CommandData;
      if (json) printJson(io, rows);
      else io.out(renderTable(io, columns, { rows }));
    },
  });
}

interface ErrorRow {
  configuration: string;
  label: string;
  published: number;
  predicted: number;
}

const ERROR_COLUMNS: Column<ErrorRow>[] = [
  { title: 'configuration', cell: ({ configuration }) => configuration, min: 20 },
  { title: 'run', cell: ({ label }) => label },
  { title: 'published', align: 'right', cell: ({ published }) => published.toFixed(0) },
  { title: 'predicted', align: 'right', cell: ({ predicted }) => predicted.toFixed(0) },
  {
    title: 'error',
    align: 'right',
    cell: ({ published, predicted }) => `${((predicted / published - 1) * 100).toFixed(0)} %`,
  },
];

const errorCommand = defineCommand({
  meta: {
    name: 'error',
    description: 'Published against predicted throughput, each configuration left out of the fit',
  },
  args,
  run: ({ args: { json }, data }) => printError((data as CommandData).io, json === true),
});

function printError(io: CliIo, json: boolean): void {
  const { measurements, outOfScope } = readCalibrationRows();
  const { predictions, medianError, p90Error, ratio } = calibrate(measurements);
  const rows = predictions.map(({ measurement, predicted }) => ({
    configuration: measurement.configuration,
    label: measurement.label,
    published: measurement.outputTokensPerSecond,
    predicted,
  }));
  if (json) {
    printJson(io, { medianError, p90Error, ratio, rows, outOfScope });
    return;
  }
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  io.out(renderTable(io, ERROR_COLUMNS, { rows }));
  io.out(
    `\n${paint(io, 'bold', 'Output tokens per second of one replica')}: median absolute error ${percent(medianError)}, ` +
      `90th percentile ${percent(p90Error)}; ${outOfScope.length} rows out of scope (--json names them).\n`,
  );
}

/** `trimtab capacity`: what sizing self-hosted models rests on. Needs no server. */
export const capacityCommand = defineCommand({
  meta: {
    name: 'capacity',
    description: 'Facts of open models and GPUs, GPU prices, error of the performance model',
  },
  args,
  run: ({ args: { json }, data }) => {
    const { io } = data as CommandData;
    if (json) printJson(io, models);
    else io.out(renderTable(io, MODEL_COLUMNS, { rows: models }));
  },
  subCommands: {
    models: listCommand('models', 'Open models from their published configs', {
      columns: MODEL_COLUMNS,
      rows: models,
    }),
    gpus: listCommand('gpus', 'GPUs: memory, bandwidth, dense FLOPS', { columns: GPU_COLUMNS, rows: gpus }),
    prices: listCommand('prices', 'Dated GPU prices', { columns: PRICE_COLUMNS, rows: gpuPrices }),
    simulate: simulateCommand,
    error: errorCommand,
  },
});
