import { useEffect, useRef, useState } from 'react';
import { useStatus } from '../data/queries.ts';
import { type Env, RANGES, useScope, useSetSearch } from '../data/scope.ts';

/** The stretch of time every figure is of. */
export function RangePicker() {
  const scope = useScope();
  const setSearch = useSetSearch();
  const [custom, setCustom] = useState(false);
  const choose = (range: string): void => {
    setCustom(range === 'custom');
    if (range !== 'custom') setSearch({ range, since: undefined, until: undefined });
  };
  return (
    <div className="popover-anchor">
      {/* biome-ignore lint/a11y/useSemanticElements: a row of switches in a bar, not a form's fieldset */}
      <div className="segments range-segments" role="group" aria-label="Time range">
        {RANGES.map((range) => (
          <button
            key={range}
            type="button"
            aria-pressed={scope.range === range}
            onClick={() => choose(range)}
          >
            {range}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={scope.range === 'custom'}
          aria-expanded={custom}
          onClick={() => setCustom(!custom)}
        >
          {scope.range === 'custom' ? scope.words : 'Custom'}
        </button>
      </div>
      <select
        className="input small range-select"
        aria-label="Time range"
        value={scope.range}
        onChange={(event) => choose(event.target.value)}
      >
        {RANGES.map((range) => (
          <option key={range} value={range}>
            {range}
          </option>
        ))}
        <option value="custom">custom</option>
      </select>
      {custom && <CustomRange onClose={() => setCustom(false)} />}
    </div>
  );
}

function CustomRange({ onClose }: { onClose: () => void }) {
  const scope = useScope();
  const setSearch = useSetSearch();
  const [from, setFrom] = useState(() => toLocal(scope.window().since));
  const [to, setTo] = useState(() => toLocal(scope.window().until));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const [since, until] = [new Date(from).getTime(), new Date(to).getTime()];
  const valid = since < until;
  return (
    <form
      className="popover"
      style={{ left: 0, right: 'auto' }}
      onSubmit={(event) => {
        event.preventDefault();
        setSearch({ range: 'custom', since, until });
        onClose();
      }}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <label className="field">
        <span>From</span>
        <input
          ref={first}
          className="input"
          type="datetime-local"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label className="field">
        <span>To</span>
        <input
          className="input"
          type="datetime-local"
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      {!valid && <p className="form-error">The end must come after the start.</p>}
      <div className="row">
        <button type="submit" className="button primary" disabled={!valid}>
          Show
        </button>
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** Real or simulated calls, and the mark that says so for as long as figures are simulated. */
export function EnvironmentSwitch() {
  const scope = useScope();
  const { data: status } = useStatus();
  const setSearch = useSetSearch();
  if (!status) return null;
  const both = status.presence.real && status.presence.sandbox;
  const choose = (env: Env) => () => setSearch({ env });
  return (
    <>
      {(both ||
        (scope.sandbox && !status.presence.sandbox) ||
        (!scope.sandbox && status.presence.sandbox)) && (
        // biome-ignore lint/a11y/useSemanticElements: a row of switches in a bar, not a form's fieldset
        <div className="segments" role="group" aria-label="Environment">
          <button type="button" aria-pressed={!scope.sandbox} onClick={choose('real')}>
            Real
          </button>
          <button
            type="button"
            className={scope.sandbox ? 'hatched' : ''}
            aria-pressed={scope.sandbox}
            onClick={choose('sandbox')}
          >
            Sandbox
          </button>
        </div>
      )}
      {scope.sandbox && (
        <span className="env-mark hatched" title="Every figure on this page is of simulated calls">
          SANDBOX
        </span>
      )}
    </>
  );
}

function toLocal(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}
