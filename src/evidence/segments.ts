/**
 * The spool's folder: files `<epoch ms, 13 digits>.jsonl`, one call record per line. The writer (spool.ts, gateway
 * thread) appends to the newest one only; the drain (drain.ts, control thread) reads all and deletes all but the
 * newest. The two share nothing else: a newer file is the writer's promise that the older ones are finished.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Segment {
  name: string;
  path: string;
  bytes: number;
}

const NAME = /^\d{13}\.jsonl$/;

/** Segments of a folder, oldest first. A missing folder has none. */
export function listSegments(dir: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of namesIn(dir)) {
    const path = join(dir, name);
    const bytes = statSync(path, { throwIfNoEntry: false })?.size;
    if (bytes !== undefined) segments.push({ name, path, bytes });
  }
  return segments;
}

/** The name of a segment begun at `now`, after every name there is, whatever the clock did since. */
export function nextSegmentName(dir: string, now: number): string {
  const newest = namesIn(dir).at(-1);
  const after = newest === undefined ? 0 : Number.parseInt(newest, 10) + 1;
  return `${Math.max(now, after).toString().padStart(13, '0')}.jsonl`;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
