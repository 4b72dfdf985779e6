/** What can be saved this month without moving to anything else. Each lever stands alone: savings do not add up. */
import type { Lever } from './economics.ts';
import { combine } from './ledger.ts';
import type { QuantityId } from './quantity.ts';
import { inputPartOfCost, TOKEN_SPLIT } from './tuning.ts';
import type { Workings } from './workings.ts';

interface LeverRule {
  id: Lever['id'];
  label: string;
  needs: string;
  formula: string;
  inputs: QuantityId[];
  /** Whether only the input part of the cost shrinks. */
  onInput: boolean;
  /** Share of what it works on that is saved. */
  saved: (a: number, b: number) => number;
}

const RULES: readonly LeverRule[] = [
  {
    id: 'prompt-cache',
    label: 'Prompt caching by the vendor',
    needs: 'Prompts begin with what repeats; the vendor caches prefixes.',
    formula: 'cost of input x share in a repeating prefix x (1 - price ratio of cached tokens)',
    inputs: ['lever.cacheable-input-share', 'lever.cache-price-ratio'],
    onInput: true,
    saved: (share, ratio) => share * (1 - ratio),
  },
  {
    id: 'answer-cache',
    label: 'Answers kept and given again',
    needs: 'The same question may get the same answer.',
    formula: 'cost of calls x share of repeated calls',
    inputs: ['lever.repeated-share'],
    onInput: false,
    saved: (share) => share,
  },
  {
    id: 'batch',
    label: 'Batch prices for calls that may wait',
    needs: 'Nobody waits for these answers; the vendor has a batch price.',
    formula: 'cost of calls x share that may wait x discount',
    inputs: ['lever.batchable-share', 'lever.batch-discount'],
    onInput: false,
    saved: (share, discount) => share * discount,
  },
  {
    id: 'smaller-model',
    label: 'A smaller model for the calls it answers as well',
    needs: 'A replay shows which calls those are.',
    formula: 'cost of calls x share it answers as well x (1 - price ratio)',
    inputs: ['lever.smaller-model-share', 'lever.smaller-model-price-ratio'],
    onInput: false,
    saved: (share, ratio) => share * (1 - ratio),
  },
  {
    id: 'shorter-prompts',
    label: 'Shorter prompts',
    needs: 'A replay shows that the answers stay as good.',
    formula: 'cost of input x share that can go',
    inputs: ['lever.trimmable-input-share'],
    onInput: true,
    saved: (share) => share,
  },
];

export function leversOf(workings: Workings): Lever[] {
  const { ledger, usdPerCall } = workings;
  const input = inputPartOfCost(ledger);
  const monthly = combine(
    [ledger.of('volume.calls-per-month'), usdPerCall.values],
    (calls = 0, usd = 0) => calls * usd,
  );
  return RULES.map((rule) => {
    const works = rule.onInput ? combine([monthly, input], (usd = 0, part = 0) => usd * part) : monthly;
    const values = combine(
      [works, ...rule.inputs.map((id) => ledger.of(id))],
      (usd = 0, a = 0, b = 0) => usd * rule.saved(a, b),
    );
    const inputs = [
      'volume.calls-per-month',
      usdPerCall.figure,
      ...(rule.onInput ? TOKEN_SPLIT : []),
      ...rule.inputs,
    ];
    const saves = ledger.write(
      { id: `lever.${rule.id}`, label: rule.label, formula: rule.formula, inputs, unit: 'USD/month' },
      values,
    );
    return { id: rule.id, label: rule.label, saves, needs: rule.needs };
  });
}
