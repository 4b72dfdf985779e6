import type { Advice, BaseScore, DimensionScore, LayerScore } from '../../../src/advisor/advice.ts';
import { formatRange } from '../../../src/advisor/report/number.ts';
import type { Interval } from '../../../src/core/interval.ts';
import { optionColour } from '../charts/break-even.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Section } from '../parts/page.tsx';
import { formatShare } from '../words/format.ts';

/** Bases and layers with their scores, and what moved each. */
export function ScoreSection({ advice: { scorecard, decision, task } }: { advice: Advice }) {
  const columns = baseColumns(decision.base);
  return (
    <Section
      title="Scorecard"
      aside="0 to 10, weighted over five dimensions; the band holds 80 % of the draws"
      end={<ExportButton name={`scorecard-${task}`} columns={columns} rows={scorecard.bases} />}
    >
      <DataTable
        caption="Score by option"
        columns={columns}
        rows={scorecard.bases}
        rowKey={({ target }) => target}
      />
      {scorecard.bases
        .filter(({ excluded }) => excluded.length === 0)
        .map(({ target, label, dimensions }) => (
          <details key={target} className="behind">
            <summary>Why {label} scores so</summary>
            <DataTable
              caption={`Dimensions of ${label}`}
              columns={DIMENSIONS}
              rows={dimensions}
              rowKey={({ dimension }) => dimension}
            />
          </details>
        ))}
      <div className="section">
        <DataTable
          caption="What may be put on top"
          columns={LAYERS}
          rows={scorecard.layers}
          rowKey={({ target }) => target}
        />
      </div>
    </Section>
  );
}

function baseColumns(advised: string | null): Column<BaseScore>[] {
  return [
    {
      key: 'option',
      head: 'Option',
      className: 'wrap',
      value: ({ label }) => label,
      cell: ({ target, label, excluded, possiblyExcluded }) => (
        <>
          {label} {target === advised && <span className="tag accent">advised</span>}
          {excluded.map(({ constraint, reason }) => (
            <p key={constraint} className="note">
              {reason}
            </p>
          ))}
          {possiblyExcluded.map(({ constraint, reason }) => (
            <p key={constraint} className="note">
              Perhaps: {reason}
            </p>
          ))}
        </>
      ),
    },
    {
      key: 'score',
      head: 'Score',
      numeric: true,
      value: ({ total, excluded }) => (excluded.length > 0 ? null : total.mid),
      cell: ({ total, excluded }) =>
        excluded.length > 0 ? <span className="tag bad">ruled out</span> : formatScore(total),
    },
    {
      key: 'bar',
      head: '',
      lesser: true,
      cell: ({ target, total, excluded }) =>
        excluded.length > 0 ? null : <ScoreBar score={total} colour={optionColour(target)} />,
    },
    {
      key: 'best',
      head: 'Best in',
      numeric: true,
      lesser: true,
      value: ({ bestShare }) => bestShare,
      cell: ({ bestShare, excluded }) =>
        excluded.length > 0 ? null : `${formatShare(bestShare, 1)} of draws`,
    },
  ];
}

const DIMENSIONS: Column<DimensionScore>[] = [
  { key: 'dimension', head: 'Dimension', cell: ({ label }) => label },
  { key: 'weight', head: 'Weight', numeric: true, cell: ({ weight }) => formatRange(weight, 'ratio') },
  { key: 'score', head: 'Score', numeric: true, cell: ({ score }) => formatScore(score) },
  {
    key: 'why',
    head: 'What moved it',
    className: 'wrap',
    cell: ({ contributions }) =>
      contributions.length === 0
        ? 'Nothing speaks for or against it.'
        : contributions.map(({ rule, says, points, known }) => (
            <p key={rule}>
              {signed(points)} {says}
              {!known && <span className="muted"> (not known)</span>}
            </p>
          )),
  },
];

const VERDICTS: Record<LayerScore['verdict'], string> = {
  now: 'tag good',
  later: 'tag accent',
  no: 'tag',
  excluded: 'tag bad',
};

const LAYERS: Column<LayerScore>[] = [
  { key: 'layer', head: 'On top', className: 'name', cell: ({ label }) => label },
  {
    key: 'verdict',
    head: 'Verdict',
    cell: ({ verdict }) => <span className={VERDICTS[verdict]}>{verdict}</span>,
  },
  { key: 'because', head: 'Because', className: 'wrap', cell: ({ because }) => because },
];

function ScoreBar({ score, colour }: { score: Interval; colour: string }) {
  const at = (value: number) => Math.max(0, Math.min(100, value * 10));
  return (
    <span className="advice-score" style={{ color: colour }} aria-hidden="true">
      <i style={{ left: `${at(score.low)}%`, right: `${100 - at(score.high)}%` }} />
      <b style={{ left: `${at(score.mid)}%` }} />
    </span>
  );
}

function formatScore({ low, mid, high }: Interval): string {
  return `${mid.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function signed({ mid }: Interval): string {
  return `${mid > 0 ? '+' : mid < 0 ? '−' : '±'}${Math.abs(mid).toFixed(1)}`;
}
