/**
 * Five dimensions by every option and layer. Hard constraints exclude first; then each rule adds signed points where
 * its case holds. A rule whose facts are not known contributes the whole range of what it might say, so the score
 * widens and takes no default. Totals are weighted means; seeded draws over all ranges say how often each base wins.
 */
import { exactly, type Interval } from '../../core/interval.ts';
import type { BaseScore, Contribution, DimensionScore, Scorecard, TargetScore } from '../advice.ts';
import { createRandom } from '../economics/draws.ts';
import { BASE_IDS, type BaseId, LAYER_IDS, labelOf, type TargetId } from '../options.ts';
import { FIELDS } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';
import { intervalOf } from '../profile/reader.ts';
import { factsOf, holds } from './condition.ts';
import { exclusionsOf } from './constraints.ts';
import { toLayerScore } from './layers.ts';
import type { Rule } from './rule.ts';
import { DIMENSIONS, type Dimension } from './rules/index.ts';

/** What each option costs a month; ids that are missing are not compared. */
export type Costs = Partial<Record<TargetId, Interval>>;

const START = 5;
const TOP = 10;
/** The points of a rule are a judgement: they hold within a quarter, both ways. */
const JUDGEMENT = 0.25;
const DRAWS = 1_000;
/** Points for each doubling of cost against the middle of the bases, up to the most points. */
const POINTS_PER_DOUBLING = 1;
const MAX_COST_POINTS = 3;

export function scoreProfile(profile: Profile, { costs, seed }: { costs: Costs; seed: number }): Scorecard {
  const scores = new Map<TargetId, TargetScore>();
  for (const target of [...BASE_IDS, ...LAYER_IDS]) scores.set(target, scoreTarget(target, profile, costs));
  const of = (target: TargetId): TargetScore => scores.get(target) as TargetScore;
  const open = BASE_IDS.filter((base) => of(base).excluded.length === 0);
  const shares = bestShares(open.map(of), seed);
  const bases = BASE_IDS.map(
    (base): BaseScore => ({ ...of(base), target: base, bestShare: shares.get(base) ?? 0 }),
  );
  const best = open.toSorted((a, b) => of(b).total.mid - of(a).total.mid)[0] ?? null;
  return { bases, layers: LAYER_IDS.map((layer) => toLayerScore(of(layer), layer, profile)), best };
}

function scoreTarget(target: TargetId, profile: Profile, costs: Costs): TargetScore {
  const dimensions = DIMENSIONS.map((dimension) => scoreDimension(dimension, target, { profile, costs }));
  const { excluded, possible } = exclusionsOf(target, profile);
  return {
    target,
    label: labelOf(target),
    total: weightedMean(dimensions),
    dimensions,
    excluded,
    possiblyExcluded: possible,
  };
}

function scoreDimension(
  { id, label, rules }: Dimension,
  target: TargetId,
  { profile, costs }: { profile: Profile; costs: Costs },
): DimensionScore {
  const contributions = rules.flatMap((rule) => contributionOf(rule, target, profile) ?? []);
  if (id === 'cost') contributions.push(...costContribution(target, costs));
  const sum = (end: keyof Interval): number =>
    clamp(contributions.reduce((total, { points }) => total + points[end], START));
  return {
    dimension: id,
    label,
    weight: intervalOf(profile, `weights.${id}`) ?? exactly(1),
    score: { low: sum('low'), mid: sum('mid'), high: sum('high') },
    contributions,
  };
}

/** `null`: the rule says nothing of this target. */
function contributionOf(rule: Rule, target: TargetId, profile: Profile): Contribution | null {
  const possible: { says: string; points: number }[] = [];
  let settled = false;
  for (const { when, says, points } of rule.cases) {
    const answer = holds(when, profile);
    if (answer === false) continue;
    possible.push({ says, points: points[target] ?? 0 });
    settled = answer === true;
    if (settled) break;
  }
  if (!settled) possible.push({ says: '', points: 0 });
  if (possible.every(({ points }) => points === 0)) return null;
  const facts = [...new Set(rule.cases.flatMap(({ when }) => factsOf(when)))];
  const only = possible.length === 1 ? possible[0] : undefined;
  return {
    rule: rule.id,
    says: only
      ? only.says
      : `Not known yet: ${facts.map((fact) => FIELDS[fact].label.toLowerCase()).join(', ')}.`,
    points: spreadOf(possible.map(({ points }) => points)),
    facts,
    known: only !== undefined,
  };
}

/** The hull of what a rule may say, each end widened by the judgement in it; in the middle their mean. */
function spreadOf(points: readonly number[]): Interval {
  const low = Math.min(...points);
  const high = Math.max(...points);
  return {
    low: low - Math.abs(low) * JUDGEMENT,
    mid: points.reduce((sum, one) => sum + one, 0) / points.length,
    high: high + Math.abs(high) * JUDGEMENT,
  };
}

/** The economics' part: cost against the geometric middle of the cheapest and the dearest base, in doublings. */
function costContribution(target: TargetId, costs: Costs): Contribution[] {
  const own = costs[target];
  const bases = BASE_IDS.flatMap((base) => costs[base] ?? []);
  if (own === undefined || bases.length < 2) return [];
  const middle =
    Math.sqrt(bases.reduce((least, { mid }) => Math.min(least, mid), Infinity)) *
    Math.sqrt(bases.reduce((most, { mid }) => Math.max(most, mid), 0));
  const points = (usd: number): number =>
    usd <= 0 ? MAX_COST_POINTS : limit(-Math.log2(usd / middle) * POINTS_PER_DOUBLING);
  return [
    {
      rule: 'cost.economics',
      says: 'Cost a month against the middle of the bases, a point for each doubling.',
      points: { low: points(own.high), mid: points(own.mid), high: points(own.low) },
      facts: ['volume.callsPerMonth', 'tokens.inputPerCall', 'tokens.outputPerCall'],
      known: true,
    },
  ];
}

function limit(points: number): number {
  return Math.min(MAX_COST_POINTS, Math.max(-MAX_COST_POINTS, points));
}

function clamp(score: number): number {
  return Math.min(TOP, Math.max(0, score));
}

function weightedMean(dimensions: readonly DimensionScore[]): Interval {
  const weights = dimensions.reduce((sum, { weight }) => sum + weight.mid, 0);
  const at = (end: keyof Interval): number =>
    weights === 0
      ? dimensions.reduce((sum, { score }) => sum + score[end], 0) / dimensions.length
      : dimensions.reduce((sum, { score, weight }) => sum + score[end] * weight.mid, 0) / weights;
  const mid = at('mid');
  const spread = totalSpread(dimensions, weights);
  return { low: Math.max(at('low'), mid - spread), mid, high: Math.min(at('high'), mid + spread) };
}

/** Half an 80 % interval: the dimensions err independently, and so do the weights. */
function totalSpread(dimensions: readonly DimensionScore[], weights: number): number {
  const total = Math.max(weights, Number.EPSILON);
  const mean = dimensions.reduce((sum, { score, weight }) => sum + score.mid * weight.mid, 0) / total;
  const squares = dimensions.map(({ score, weight }) => {
    const byScore = ((score.high - score.low) / 2) * weight.mid;
    const byWeight = ((weight.high - weight.low) / 2) * Math.abs(score.mid - mean);
    return byScore ** 2 + byWeight ** 2;
  });
  return Math.sqrt(squares.reduce((sum, one) => sum + one, 0)) / total;
}

/** Share of the draws in which each has the highest total. The same draw of a rule and a weight serves every target. */
function bestShares(scores: readonly TargetScore[], seed: number): Map<BaseId, number> {
  const places = new Map<string, number>();
  const plans = scores.map(({ dimensions, target }) => drawPlan(dimensions, target, places));
  const uniforms = new Float64Array(places.size);
  const wins = new Map<BaseId, number>();
  const random = createRandom(seed);
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let place = 0; place < uniforms.length; place++) uniforms[place] = random();
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const [index, plan] of plans.entries()) {
      const total = drawTotal(plan, uniforms);
      if (total > most) [best, most] = [index, total];
    }
    const winner = scores[best];
    if (winner) wins.set(winner.target as BaseId, (wins.get(winner.target as BaseId) ?? 0) + 1 / DRAWS);
  }
  return wins;
}

/** A dimension's ranges, each with the place of its uniform number. */
interface DrawnDimension {
  weight: Interval;
  weightPlace: number;
  points: { range: Interval; place: number; mirrored: boolean }[];
}

function drawPlan(
  dimensions: readonly DimensionScore[],
  target: TargetId,
  places: Map<string, number>,
): DrawnDimension[] {
  const placeOf = (key: string): number => {
    const place = places.get(key) ?? places.size;
    places.set(key, place);
    return place;
  };
  return dimensions.map(({ dimension, weight, contributions }) => ({
    points: contributions.map(({ rule, points, known }) => ({
      range: points,
      place: placeOf(known ? `${rule} ${target}` : rule),
      // What is not known helps one target as it harms another.
      mirrored: !known && points.mid < 0,
    })),
    weight,
    weightPlace: placeOf(`weight ${dimension}`),
  }));
}

function drawTotal(plan: readonly DrawnDimension[], uniforms: Float64Array): number {
  let sum = 0;
  let weights = 0;
  for (const { weight, weightPlace, points } of plan) {
    let drawn = START;
    for (const { range, place, mirrored } of points) {
      const share = uniforms[place] as number;
      drawn += between(range, mirrored ? 1 - share : share);
    }
    const weighs = between(weight, uniforms[weightPlace] as number);
    sum += weighs * clamp(drawn);
    weights += weighs;
  }
  return weights === 0 ? 0 : sum / weights;
}

function between({ low, mid, high }: Interval, share: number): number {
  return share < 0.5 ? low + (mid - low) * share * 2 : mid + (high - mid) * (share * 2 - 1);
}
