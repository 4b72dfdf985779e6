import { Link } from '@tanstack/react-router';
import { type CSSProperties, useEffect, useRef, useState } from 'react';
import { seriesColour } from '../look/series.ts';
import { formatCount, formatShare } from '../words/format.ts';
import { type Flow, layOutFlows } from './flow-layout.ts';

/** Where calls flow: tasks on the left, deployments on the right, thickness is the share of calls. */
export function FlowPicture({ flows, sandbox }: { flows: readonly Flow[]; sandbox: boolean }) {
  const holder = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const watcher = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const total = flows.reduce((sum, flow) => sum + flow.calls, 0);
  const { left, right, bands, height } = layOutFlows(flows, 180);
  const side = Math.min(208, width * 0.32);
  const middle = Math.max(0, width - 2 * side);
  return (
    <figure ref={holder} className="flow" style={{ height }}>
      <svg
        role="img"
        aria-label={`Flow of ${formatCount(total)} calls from ${left.length} tasks to ${right.length} deployments; the table holds the figures`}
        width={middle}
        height={height}
        style={{ left: side }}
      >
        {sandbox && <Hatch />}
        {bands.map((band) => (
          <path
            key={`${band.from} ${band.to}`}
            d={ribbon(band, middle)}
            style={{ fill: colourOf(band.to) }}
            className="band"
          >
            <title>{`${band.from} to ${band.to}: ${formatCount(band.calls)} calls, ${formatShare(band.calls, total)}`}</title>
          </path>
        ))}
        {sandbox &&
          bands.map((band) => (
            <path key={`${band.from} ${band.to}`} d={ribbon(band, middle)} fill="url(#hatch)" />
          ))}
      </svg>
      {left.map((node) => (
        <Link
          key={node.name}
          to="/tasks/$name"
          params={{ name: node.name }}
          className="flow-node left"
          style={{ top: node.y, height: node.height, width: side }}
        >
          <strong>{node.name}</strong>
          <span>{formatShare(node.calls, total)}</span>
        </Link>
      ))}
      {right.map((node) => (
        <Link
          key={node.name}
          to="/calls"
          search={node.name === NOWHERE ? {} : { deployment: node.name }}
          className="flow-node right"
          style={
            {
              top: node.y,
              height: node.height,
              width: side,
              '--bar': colourOf(node.name),
            } as CSSProperties
          }
        >
          <strong>{node.name}</strong>
          <span>{formatShare(node.calls, total)}</span>
        </Link>
      ))}
    </figure>
  );
}

/** Where calls that no deployment answered go. */
export const NOWHERE = 'no answer';

function colourOf(deployment: string): string {
  return seriesColour(deployment === NOWHERE ? null : deployment);
}

function Hatch() {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line x1="0" y1="0" x2="0" y2="6" stroke="var(--page)" strokeWidth="2.5" strokeOpacity="0.5" />
      </pattern>
    </defs>
  );
}

function ribbon(band: { fromY: number; toY: number; thickness: number }, width: number): string {
  const { fromY, toY, thickness } = band;
  const bend = width / 2;
  const thick = Math.max(1, thickness);
  return (
    `M0 ${fromY}C${bend} ${fromY} ${bend} ${toY} ${width} ${toY}V${toY + thick}` +
    `C${bend} ${toY + thick} ${bend} ${fromY + thick} 0 ${fromY + thick}Z`
  );
}
