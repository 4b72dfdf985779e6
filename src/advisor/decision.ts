/** Path and scorecard side by side: what is advised, whether they agree, and why not. */
import type { BaseScore, Decision, Path, Scorecard } from './advice.ts';
import { type BaseId, type LayerId, labelOf } from './options.ts';
import { basesOfPath } from './path/path.ts';

export function decide(path: Path, scorecard: Scorecard): Decision {
  const asked = basesOfPath(path);
  const { best } = scorecard;
  const settled = path.end !== null || asked.length === 1;
  const open = scorecard.bases.filter(({ excluded }) => excluded.length === 0);
  const byPath = bestOf(open.filter(({ target }) => asked.includes(target)));
  const base = settled ? (byPath?.target ?? insteadOf(path, open) ?? best) : null;
  const agree = best !== null && base === best && asked.includes(best);
  return {
    base,
    layers: layersOf(scorecard),
    bestShare: scorecard.bases.find(({ target }) => target === (base ?? best))?.bestShare ?? null,
    path: asked,
    scorecard: best,
    agree,
    reason: agree ? null : reasonOf({ path, scorecard, base, byPath: byPath?.target ?? null }),
    layerReason: layerReasonOf(path, scorecard),
  };
}

/** Where the hybrid is ruled out and a vendor is not, the path's own other answer holds: stay with APIs. */
function insteadOf(path: Path, open: readonly BaseScore[]): BaseId | null {
  return path.end === 'hybrid' ? (open.find(({ target }) => target === 'hosted-api')?.target ?? null) : null;
}

function layersOf({ layers }: Scorecard): LayerId[] {
  return layers
    .filter(({ verdict }) => verdict === 'now')
    .toSorted((a, b) => b.total.mid - a.total.mid)
    .map(({ target }) => target);
}

function bestOf(scores: readonly BaseScore[]): BaseScore | undefined {
  return scores.toSorted((a, b) => b.total.mid - a.total.mid)[0];
}

interface Difference {
  path: Path;
  scorecard: Scorecard;
  base: BaseId | null;
  byPath: BaseId | null;
}

function reasonOf({ path, scorecard, base, byPath }: Difference): string {
  const { best, bases } = scorecard;
  if (best === null) return `Nothing is left: ${bases.map(whyExcluded).join(' ')} One of these must change.`;
  if (base === null) {
    return `The path is not settled: "${path.steps.at(-1)?.text ?? ''}" has no answer. The scorecard leans to ${lower(best)}.`;
  }
  if (byPath === null) {
    const wanted = bases.filter(({ target }) => basesOfPath(path).includes(target));
    return `The path leads to ${wanted.map(({ target }) => lower(target)).join(' or ')}, which is ruled out: ${wanted.map(whyExcluded).join(' ')} Instead: ${lower(base)}.`;
  }
  return `The path leads to ${lower(base)}; the scorecard prefers ${lower(best)}, because it also weighs: ${favours(scorecard, best, base)}`;
}

function whyExcluded({ label, excluded }: BaseScore): string {
  return `${label}: ${excluded.map(({ reason }) => reason).join(' ')}`;
}

function lower(base: BaseId): string {
  const label = labelOf(base);
  return label.slice(0, 1).toLowerCase() + label.slice(1);
}

/** The three rules that speak most for one base over another. */
function favours({ bases }: Scorecard, winner: BaseId, loser: BaseId): string {
  const pointsOf = (base: BaseId): Map<string, { says: string; mid: number }> =>
    new Map(
      (bases.find(({ target }) => target === base)?.dimensions ?? [])
        .flatMap(({ contributions }) => contributions)
        .map(({ rule, says, points }) => [rule, { says, mid: points.mid }]),
    );
  const [won, lost] = [pointsOf(winner), pointsOf(loser)];
  return [...new Set([...won.keys(), ...lost.keys()])]
    .map((rule) => ({
      says: won.get(rule)?.says ?? lost.get(rule)?.says ?? '',
      lead: (won.get(rule)?.mid ?? 0) - (lost.get(rule)?.mid ?? 0),
    }))
    .filter(({ lead }) => lead > 0)
    .toSorted((a, b) => b.lead - a.lead)
    .slice(0, 3)
    .map(({ says }) => says)
    .join(' ');
}

/** `null`: path and scorecard say the same of fine-tuning. */
function layerReasonOf(path: Path, { layers }: Scorecard): string | null {
  if (path.layer === null) return null;
  const tuned = layers.filter(({ target }) => target.startsWith('fine-tuned'));
  const now = tuned.filter(({ verdict }) => verdict === 'now');
  if (path.layer === 'fine-tune' && now.length === 0) {
    return `The path says to consider fine-tuning; the scorecard holds it back. ${tuned.map(({ label, because }) => `${label}: ${because}`).join(' ')}`;
  }
  if (path.layer === 'improve-first' && now.length > 0) {
    return `The path says to improve retrieval, UX and evaluation first; the scorecard has ${now.map(({ label }) => label.toLowerCase()).join(' and ')} ready: ${now.map(({ because }) => because).join(' ')}`;
  }
  return null;
}
