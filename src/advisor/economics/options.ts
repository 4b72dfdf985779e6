/** The options that can be paid for, and the two that need no machines. */
import { createShape } from './cost-shape.ts';
import type { OptionId } from './economics.ts';
import { combine, type Ledger } from './ledger.ts';
import type { QuantityId } from './quantity.ts';
import { hybrid, selfHosted } from './serving.ts';
import { fineTunedApi, fineTunedSelfHosted, specialist } from './tuning.ts';
import { from, type PricedOption, part, perCallPart, type Workings } from './workings.ts';

export const OPTION_LABELS: Readonly<Record<OptionId, string>> = {
  'hosted-api': 'Hosted API',
  'private-deployment': 'Private deployment of a proprietary model',
  'self-hosted': 'Self-hosted open model',
  hybrid: 'Hybrid: self-hosted, API for hard cases',
  'fine-tuned-api': 'Fine-tuned by API',
  'fine-tuned-self-hosted': 'Fine-tuned, self-hosted',
  specialist: 'Specialist on CPU, API for the rest',
};

export const OPTION_IDS = Object.keys(OPTION_LABELS) as OptionId[];

export function createWorkings(ledger: Ledger): Workings {
  const priced = new Map<OptionId, PricedOption>();
  const workings: Workings = {
    ledger,
    usdPerCall: apiCall(ledger),
    option(id) {
      const found = priced.get(id);
      if (found) return found;
      const made = PRICING[id](workings);
      priced.set(id, made);
      return made;
    },
  };
  return workings;
}

const PRICING: Readonly<Record<OptionId, (workings: Workings) => PricedOption>> = {
  'hosted-api': hostedApi,
  'private-deployment': privateDeployment,
  'self-hosted': selfHosted,
  hybrid,
  'fine-tuned-api': fineTunedApi,
  'fine-tuned-self-hosted': fineTunedSelfHosted,
  specialist,
};

function apiCall(ledger: Ledger): Workings['usdPerCall'] {
  if (ledger.knows('api.usd-per-call')) {
    const values = ledger.of('api.usd-per-call');
    const figure = ledger.write(
      {
        id: 'api.call',
        label: 'Cost of a call by API',
        formula: 'mean cost of the calls, priced by tier, cache and date; bootstrap over calls',
        inputs: ['api.usd-per-call'],
        unit: 'USD/call',
      },
      values,
    );
    return { figure, values };
  }
  const inputs: QuantityId[] = [
    'mix.input-tokens',
    'api.usd-per-million-input',
    'mix.output-tokens',
    'api.usd-per-million-output',
  ];
  const values = from(ledger, inputs, (input = 0, inputPrice = 0, output = 0, outputPrice = 0) => {
    return (input * inputPrice + output * outputPrice) / 1e6;
  });
  const formula = '(input tokens x input price + output tokens x output price) / 1,000,000';
  const figure = ledger.write(
    { id: 'api.call', label: 'Cost of a call by API', formula, inputs, unit: 'USD/call' },
    values,
  );
  return { figure, values };
}

function hostedApi(workings: Workings): PricedOption {
  const { usdPerCall } = workings;
  const text = {
    id: 'hosted-api.calls',
    label: 'Calls',
    formula: 'calls a month x cost of a call',
    inputs: [usdPerCall.figure],
  };
  return {
    shape: createShape(usdPerCall.values, { perCall: usdPerCall.values }),
    parts: [perCallPart(workings, text, usdPerCall.values)],
  };
}

function privateDeployment(workings: Workings): PricedOption {
  const { ledger, usdPerCall } = workings;
  const perCall = combine(
    [usdPerCall.values, ledger.of('private.premium')],
    (cost = 0, ratio = 0) => cost * ratio,
  );
  const fixed = ledger.of('private.usd-per-month');
  const calls = {
    id: 'private-deployment.calls',
    label: 'Calls',
    formula: 'calls a month x cost of a call by API x premium',
    inputs: [usdPerCall.figure, 'private.premium'],
  };
  const standing = {
    id: 'private-deployment.fixed',
    label: 'Endpoints, keys, logs, reserved capacity',
    formula: 'fixed cost of a private deployment',
    inputs: ['private.usd-per-month'],
  };
  return {
    shape: createShape(perCall, { perCall, fixed }),
    parts: [perCallPart(workings, calls, perCall), part(ledger, standing, fixed)],
  };
}
