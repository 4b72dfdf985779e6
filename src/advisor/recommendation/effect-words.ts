/** A change of cost in words: what is negative saves. Runs in a browser as well. */
import type { Interval } from '../../core/interval.ts';
import { formatInterval } from '../economics/format-interval.ts';
import { formatRange } from '../report/number.ts';

/** `saves $4.6 to $670 a month`, `costs $200 to $300 a month more`; `null`: not one of cost. */
export function effectInWords(effect: Interval | null): string {
  if (effect === null) return 'not an effect on cost';
  const { low, mid, high } = effect;
  if (high <= 0) return `saves ${formatRange({ low: -high, mid: -mid, high: -low }, 'USD/month')} a month`;
  if (low >= 0) return `costs ${formatRange(effect, 'USD/month')} a month more`;
  const { low: saves, high: costs } = formatInterval({ low, mid, high }, 'USD/month');
  return `between saving ${saves.replace(/^-/, '')} and costing ${costs} a month more`;
}
