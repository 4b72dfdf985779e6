/** Self-hosting and the hybrid: machines for the peak, spare ones, people, and the API for what is escalated. */
import { type CostShape, createShape, forShare, ROUNDING } from './cost-shape.ts';
import type { OptionId } from './economics.ts';
import { combine, type Ledger, type Vector } from './ledger.ts';
import type { QuantityId } from './quantity.ts';
import {
  type CostPart,
  from,
  HOURS_PER_MONTH,
  type PricedOption,
  part,
  perCallPart,
  SECONDS_PER_MONTH,
  type Workings,
} from './workings.ts';

/** Machines and people of a self-hosted model, without the work to set it up. */
interface Serving {
  shape: CostShape;
  parts: CostPart[];
}

/** `capacityRatio`: calls a second a replica over those of `self.calls-per-second`, and the quantity it comes from. */
export function serving(
  { ledger }: Workings,
  prefix: OptionId,
  scaling: {
    capacity: QuantityId | null;
    served: { share: Vector; formula: string; inputs: string[] } | null;
  },
): Serving {
  const capacity = scaling.capacity === null ? null : ledger.of(scaling.capacity);
  const perReplica = from(
    ledger,
    ['self.gpus-per-replica', 'self.usd-per-gpu-hour', 'self.spot-spare-share', 'self.overhead-share'],
    (gpus = 0, price = 0, spare = 0, overhead = 0) =>
      gpus * price * HOURS_PER_MONTH * (1 + spare) * (1 + overhead),
  );
  const perSecond = from(
    ledger,
    ['volume.peak-to-mean', 'self.scale-down-share', 'self.calls-per-second'],
    (peak = 0, scaleDown = 0, rate = 0) => (peak - scaleDown * (peak - 1)) / rate,
  );
  const slope = combine(capacity ? [perSecond, capacity] : [perSecond], (need = 0, ratio = 1) => {
    return need / ratio / SECONDS_PER_MONTH;
  });
  const whole = createShape(perReplica, {
    perReplica,
    slope,
    spare: ledger.of('self.failover-replicas'),
    minimum: ledger.of('self.minimum-replicas'),
    fixed: from(ledger, ['self.people', 'people.usd-per-year'], (people = 0, usd = 0) => (people * usd) / 12),
  });
  const shape = scaling.served ? forShare(whole, scaling.served.share) : whole;
  return { shape, parts: servingParts(ledger, { prefix, shape, scaling }) };
}

function servingParts(
  ledger: Ledger,
  { prefix, shape, scaling }: { prefix: OptionId; shape: CostShape; scaling: Parameters<typeof serving>[2] },
): CostPart[] {
  const extra = [...(scaling.capacity ? [scaling.capacity] : []), ...(scaling.served?.inputs ?? [])];
  const calls = ledger.of('volume.calls-per-month');
  const needed = combine(
    [shape.spare, shape.minimum, shape.slope, calls],
    (spare = 0, minimum = 0, slope = 0, n = 0) => {
      return spare + Math.max(minimum, ROUNDING + slope * n);
    },
  );
  const replicas = ledger.write(
    {
      id: `${prefix}.replicas`,
      label: 'Replicas paid for, on average',
      formula: `failover + max(minimum, 1/2 + calls a second${scaling.served ? ` x ${scaling.served.formula}` : ''} x (peak to mean - scaled down x (peak to mean - 1)) / calls a second a replica${scaling.capacity ? ' / capacity ratio' : ''})`,
      inputs: [
        'volume.calls-per-month',
        'volume.peak-to-mean',
        'self.calls-per-second',
        'self.minimum-replicas',
        'self.failover-replicas',
        'self.scale-down-share',
        ...extra,
      ],
      unit: 'replicas',
    },
    needed,
  );
  const machines = {
    id: `${prefix}.machines`,
    label: 'GPUs and serving overhead',
    formula:
      'replicas x GPUs a replica x price of a GPU-hour x hours a month x (1 + extra for interruptions) x (1 + overhead)',
    inputs: [
      replicas,
      'self.gpus-per-replica',
      'self.usd-per-gpu-hour',
      'self.spot-spare-share',
      'self.overhead-share',
    ],
  };
  const people = {
    id: `${prefix}.people`,
    label: 'People who run it',
    formula: 'people x cost of a person a year / 12',
    inputs: ['self.people', 'people.usd-per-year'],
  };
  return [
    part(
      ledger,
      machines,
      combine([needed, shape.perReplica], (count = 0, usd = 0) => count * usd),
    ),
    part(ledger, people, shape.fixed),
  ];
}

export function selfHosted(workings: Workings): PricedOption {
  const { shape, parts } = serving(workings, 'self-hosted', { capacity: null, served: null });
  return { shape: { ...shape, once: workings.ledger.of('self.usd-once') }, parts };
}

/** The hybrid with its escalation share replaced by one value, for the sweep. */
export function hybridShape(workings: Workings, escalated: Vector): CostShape {
  const { ledger, usdPerCall } = workings;
  const self = workings.option('self-hosted').shape;
  const kept = escalated.map((share) => 1 - share);
  const perCall = combine(
    [usdPerCall.values, escalated, ledger.of('hybrid.escalated-cost-ratio')],
    (cost = 0, share = 0, ratio = 0) => cost * share * ratio,
  );
  // People and set-up stay whole however little is served.
  return { ...forShare(self, kept), perCall };
}

export function hybrid(workings: Workings): PricedOption {
  const { ledger, usdPerCall } = workings;
  const escalated = ledger.of('hybrid.escalation-share');
  const kept = escalated.map((share) => 1 - share);
  const served = { share: kept, formula: '(1 - escalated)', inputs: ['hybrid.escalation-share'] };
  const { parts } = serving(workings, 'hybrid', { capacity: null, served });
  const shape = hybridShape(workings, escalated);
  const calls = {
    id: 'hybrid.calls',
    label: 'Escalated calls by API',
    formula: 'calls a month x share escalated x cost of a call by API x cost ratio of an escalated call',
    inputs: ['hybrid.escalation-share', usdPerCall.figure, 'hybrid.escalated-cost-ratio'],
  };
  return { shape, parts: [...parts, perCallPart(workings, calls, shape.perCall)] };
}
