import { useSyncExternalStore } from 'react';

/** Colours a canvas needs by value: it cannot read CSS variables. */
export interface CanvasTheme {
  accent: string;
  ink: string;
  muted: string;
  line: string;
  bad: string;
  page: string;
  font: string;
}

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

/** `light` or `dark`, again when the system changes its mind. */
export function useColourScheme(): 'light' | 'dark' {
  return useSyncExternalStore(
    (changed) => {
      dark.addEventListener('change', changed);
      return () => dark.removeEventListener('change', changed);
    },
    () => (dark.matches ? 'dark' : 'light'),
  );
}

export function readTheme(): CanvasTheme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    accent: read('--accent'),
    ink: read('--ink-2'),
    muted: read('--ink-3'),
    line: read('--line'),
    bad: read('--bad'),
    page: read('--page'),
    font: `11px ${read('--font')}`,
  };
}

/** A colour with transparency, for canvas. `percent` of opacity. */
export function fade(colour: string, percent: number): string {
  const hex = Math.round((percent / 100) * 255).toString(16);
  return `${colour}${hex.padStart(2, '0')}`;
}

/** Diagonal stripes: what is drawn with them is simulated. */
export function hatch(colour: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  const ratio = devicePixelRatio || 1;
  tile.width = tile.height = 6 * ratio;
  const context = tile.getContext('2d');
  if (!context) return colour;
  context.fillStyle = fade(colour, 30);
  context.fillRect(0, 0, tile.width, tile.height);
  context.strokeStyle = colour;
  context.lineWidth = 1.6 * ratio;
  for (const offset of [-1, 0, 1]) {
    context.beginPath();
    context.moveTo(offset * tile.width, tile.height);
    context.lineTo((offset + 1) * tile.width, 0);
    context.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? colour;
}
