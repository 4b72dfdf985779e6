/** Fine-tuning by API and self-hosted, and the specialist: data, runs, evaluation, people, and what they save. */
import { createShape, ROUNDING } from './cost-shape.ts';
import type { OptionId } from './economics.ts';
import { combine, type Ledger, type Vector } from './ledger.ts';
import type { QuantityId } from './quantity.ts';
import { serving } from './serving.ts';
import {
  type CostPart,
  from,
  type PricedOption,
  part,
  perCallPart,
  SECONDS_PER_MONTH,
  type Workings,
} from './workings.ts';

export const TOKEN_SPLIT: QuantityId[] = [
  'mix.input-tokens',
  'api.usd-per-million-input',
  'mix.output-tokens',
  'api.usd-per-million-output',
];

/** Data, runs, evaluation and people of fine-tuning, USD a month; labels are a cost paid once. */
function upkeep(
  { ledger }: Workings,
  prefix: OptionId,
  run: { formula: string; inputs: QuantityId[]; usd: Vector },
): { fixed: Vector; parts: CostPart[]; labels: Vector } {
  const runs = combine(
    [run.usd, ledger.of('tune.usd-per-evaluation'), ledger.of('tune.runs-per-year')],
    (training = 0, evaluation = 0, count = 0) => ((training + evaluation) * count) / 12,
  );
  const people = from(
    ledger,
    ['tune.people', 'people.usd-per-year'],
    (count = 0, usd = 0) => (count * usd) / 12,
  );
  const parts = [
    part(
      ledger,
      {
        id: `${prefix}.runs`,
        label: 'Training runs and their evaluation',
        formula: `(${run.formula} + evaluation of a run) x runs a year / 12`,
        inputs: [...run.inputs, 'tune.usd-per-evaluation', 'tune.runs-per-year'],
      },
      runs,
    ),
    part(
      ledger,
      {
        id: `${prefix}.tuning-people`,
        label: 'People who keep data and roll-outs',
        formula: 'people x cost of a person a year / 12',
        inputs: ['tune.people', 'people.usd-per-year'],
      },
      people,
    ),
  ];
  const labels = from(ledger, ['tune.examples', 'tune.usd-per-example'], (count = 0, usd = 0) => count * usd);
  return { fixed: combine([runs, people], (a = 0, b = 0) => a + b), parts, labels };
}

/** Part of a call's cost that is input. */
export function inputPartOfCost(ledger: Ledger): Vector {
  return from(ledger, TOKEN_SPLIT, (input = 0, inputPrice = 0, output = 0, outputPrice = 0) => {
    const whole = input * inputPrice + output * outputPrice;
    return whole > 0 ? (input * inputPrice) / whole : 0;
  });
}

/** A tuned model's cost of a call: input shrinks, the price changes. */
function tunedCall({ ledger, usdPerCall }: Workings): Vector {
  const inputPart = inputPartOfCost(ledger);
  return combine(
    [usdPerCall.values, inputPart, ledger.of('tune.input-share'), ledger.of('tune.price-ratio')],
    (cost = 0, input = 0, left = 0, ratio = 0) => cost * (1 - input * (1 - left)) * ratio,
  );
}

export function fineTunedApi(workings: Workings): PricedOption {
  const { ledger, usdPerCall } = workings;
  const inputs: QuantityId[] = [
    'tune.examples',
    'mix.input-tokens',
    'tune.input-share',
    'mix.output-tokens',
    'tune.epochs',
    'tune.usd-per-million-training-tokens',
  ];
  const usd = from(ledger, inputs, (examples = 0, input = 0, left = 0, output = 0, epochs = 0, price = 0) => {
    return (examples * (input * left + output) * epochs * price) / 1e6;
  });
  const formula =
    'examples x (input tokens x share left + output tokens) x passes x price of a million training tokens / 1,000,000';
  const tuning = upkeep(workings, 'fine-tuned-api', { formula, inputs, usd });
  const perCall = tunedCall(workings);
  const calls = {
    id: 'fine-tuned-api.calls',
    label: 'Calls to the tuned model',
    formula:
      'calls a month x cost of a call by API x (1 - input part of the cost x (1 - share of the prompt left)) x price ratio',
    inputs: [usdPerCall.figure, ...TOKEN_SPLIT, 'tune.input-share', 'tune.price-ratio'],
  };
  return {
    shape: createShape(perCall, { perCall, fixed: tuning.fixed, once: tuning.labels }),
    parts: [perCallPart(workings, calls, perCall), ...tuning.parts],
  };
}

export function fineTunedSelfHosted(workings: Workings): PricedOption {
  const { ledger } = workings;
  const served = serving(workings, 'fine-tuned-self-hosted', {
    capacity: 'tune.capacity-ratio',
    served: null,
  });
  const inputs: QuantityId[] = ['tune.gpu-hours-per-run', 'self.usd-per-gpu-hour'];
  const usd = from(ledger, inputs, (hours = 0, price = 0) => hours * price);
  const formula = 'GPU-hours of a run x price of a GPU-hour';
  const tuning = upkeep(workings, 'fine-tuned-self-hosted', { formula, inputs, usd });
  const once = combine(
    [ledger.of('self.usd-once'), ledger.of('tune.self-usd-once'), tuning.labels],
    (a = 0, b = 0, c = 0) => a + b + c,
  );
  const fixed = combine([served.shape.fixed, tuning.fixed], (a = 0, b = 0) => a + b);
  return { shape: { ...served.shape, fixed, once }, parts: [...served.parts, ...tuning.parts] };
}

export function specialist(workings: Workings): PricedOption {
  const { ledger, usdPerCall } = workings;
  const coverage = ledger.of('specialist.coverage-share');
  const perReplica = ledger.of('specialist.usd-per-machine-month');
  const slope = from(ledger, ['volume.peak-to-mean', 'specialist.calls-per-second'], (peak = 0, rate = 0) => {
    return peak / rate / SECONDS_PER_MONTH;
  });
  const perCall = combine([usdPerCall.values, coverage], (cost = 0, share = 0) => cost * (1 - share));
  const tuning = upkeep(workings, 'specialist', {
    formula: 'training, minutes on a CPU, not counted',
    inputs: [],
    usd: perCall.map(() => 0),
  });
  const one = perCall.map(() => 1);
  const shape = createShape(perCall, {
    perCall,
    perReplica,
    slope,
    spare: one,
    minimum: one,
    fixed: tuning.fixed,
    once: tuning.labels,
  });
  const machines = combine(
    [perReplica, slope, ledger.of('volume.calls-per-month')],
    (usd = 0, need = 0, calls = 0) => usd * (1 + Math.max(1, ROUNDING + need * calls)),
  );
  const machinesText = {
    id: 'specialist.machines',
    label: 'CPU machines',
    formula:
      '(1 + max(1, 1/2 + calls a second x peak to mean / calls a second a machine)) x price of a machine',
    inputs: [
      'volume.calls-per-month',
      'volume.peak-to-mean',
      'specialist.calls-per-second',
      'specialist.usd-per-machine-month',
    ],
  };
  const calls = {
    id: 'specialist.calls',
    label: 'Calls it is not sure of, by API',
    formula: 'calls a month x (1 - coverage) x cost of a call by API',
    inputs: [usdPerCall.figure, 'specialist.coverage-share'],
  };
  return {
    shape,
    parts: [part(ledger, machinesText, machines), perCallPart(workings, calls, perCall), ...tuning.parts],
  };
}
