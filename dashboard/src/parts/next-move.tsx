import { Link } from '@tanstack/react-router';
import { effectInWords } from '../../../src/advisor/recommendation/effect-words.ts';
import type { PortfolioMove } from '../../../src/control/api-types.ts';
import { STATE_WORDS } from '../words/recommendation.ts';

/** The one thing to take up first, with what it is predicted to bring. */
export function NextMove({ move }: { move: PortfolioMove | null }) {
  if (!move) return null;
  const { task, title, state, predictedUsdPerMonth } = move;
  return (
    <section className="banner calm section" aria-label="Next best move">
      <p>
        <strong>
          Next best move: {title} for {task}.
        </strong>{' '}
        {predictedUsdPerMonth === null
          ? 'Its effect is not one on cost.'
          : `Predicted: ${effectInWords(predictedUsdPerMonth)}.`}{' '}
        It is {STATE_WORDS[state]}.
      </p>
      <Link to="/advisor/$task" params={{ task }} className="button">
        Look at it
      </Link>
    </section>
  );
}
