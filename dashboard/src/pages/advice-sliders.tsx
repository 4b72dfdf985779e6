import { useDeferredValue, useId, useMemo, useState } from 'react';
import type { Advice } from '../../../src/advisor/advice.ts';
import { advise } from '../../../src/advisor/advise.ts';
import {
  SLIDER_DRAWS,
  SLIDER_IDS,
  type SliderId,
  sliderOf,
  withSliders,
} from '../../../src/advisor/what-if/sliders.ts';

export type Moved = Readonly<Partial<Record<SliderId, number>>>;

interface WhatIf {
  /** With every slider where it stands; the advice itself while none was moved. */
  shown: Advice;
  moved: Moved;
  move(id: SliderId, value: number): void;
  reset(): void;
}

/** The advice worked out again, here in the browser, with the numbers the sliders stand at. */
export function useWhatIf(advice: Advice): WhatIf {
  const [moved, setMoved] = useState<Moved>({});
  // The thumb moves at once; what lies between two positions is worked out only when there is time for it.
  const settled = useDeferredValue(moved);
  const shown = useMemo(() => adviseWith(advice, settled), [advice, settled]);
  return {
    shown,
    moved,
    move: (id, value) => setMoved((before) => ({ ...before, [id]: value })),
    reset: () => setMoved({}),
  };
}

function adviseWith(advice: Advice, moved: Moved): Advice {
  if (Object.keys(moved).length === 0) return advice;
  const { economics, at } = advice;
  const profile = withSliders(advice.profile, moved, economics);
  return advise({ profile, at, seed: economics.seed, draws: SLIDER_DRAWS });
}

/** Growth, GPU price, utilisation and people cost, and what the answer becomes. */
export function Sliders({ advice, whatIf }: { advice: Advice; whatIf: WhatIf }) {
  const { shown, moved, move, reset } = whatIf;
  const touched = Object.keys(moved).length > 0;
  return (
    <fieldset className="advice-sliders">
      <legend className="sr-only">What if</legend>
      {SLIDER_IDS.map((id) => (
        <Slider key={id} id={id} advice={advice} value={moved[id]} move={(value) => move(id, value)} />
      ))}
      <p className="answer" role="status">
        {touched ? (
          <WhatItBecomes before={advice} after={shown} />
        ) : (
          'Move one to see what the answer becomes.'
        )}
      </p>
      <button type="button" className="button" onClick={reset} disabled={!touched}>
        As it is
      </button>
    </fieldset>
  );
}

function Slider(props: {
  id: SliderId;
  advice: Advice;
  value: number | undefined;
  move: (value: number) => void;
}) {
  const name = useId();
  const slider = sliderOf(props.id, props.advice.economics);
  if (slider === null) return null;
  const value = props.value ?? slider.now;
  const words = slider.words(value);
  return (
    <div className="slider">
      <label htmlFor={name}>{slider.label}</label>
      <output htmlFor={name}>{words}</output>
      <input
        id={name}
        type="range"
        min={0}
        max={100}
        step={1}
        value={slider.toPlace(value)}
        aria-valuetext={words}
        onChange={({ target }) => props.move(slider.fromPlace(target.valueAsNumber))}
      />
    </div>
  );
}

function WhatItBecomes({ before, after }: { before: Advice; after: Advice }) {
  const same = before.decision.base === after.decision.base;
  return (
    <>
      <span className="tag accent">what if</span> {after.finding}{' '}
      <span className="muted">{same ? 'The same base as it is.' : 'Another base than as it is.'}</span>
    </>
  );
}
