import { useEffect, useRef, useState } from 'react';
import type { CallSummary } from '../../../src/store/store.ts';

export type LiveState = 'off' | 'connecting' | 'live' | 'paused' | 'away';
/** Calls that arrived since the list was loaded; older ones fall off and are found by loading again. */
const MAX_LIVE = 2_000;

/**
 * Follows new calls. While `paused`, arrivals are counted and held back; turning it off forgets them. Arrivals are
 * taken into the page once per frame, so that a busy server cannot flood it.
 */
export function useLive(on: boolean, paused: boolean, accept: (call: CallSummary) => boolean) {
  const [calls, setCalls] = useState<CallSummary[]>([]);
  const [held, setHeld] = useState(0);
  const [connection, setConnection] = useState<'connecting' | 'live' | 'away'>('connecting');
  const waiting = useRef<CallSummary[]>([]);
  const rules = useRef({ accept, paused });
  rules.current = { accept, paused };
  const flush = useRef(() => {});
  flush.current = () => {
    if (rules.current.paused) return setHeld(waiting.current.length);
    const arrived = waiting.current.splice(0).reverse();
    setHeld(0);
    if (arrived.length > 0) setCalls((before) => [...arrived, ...before].slice(0, MAX_LIVE));
  };

  useEffect(() => {
    if (!on) return;
    const source = new EventSource('/api/v1/calls/live');
    let frame = 0;
    const take = (event: MessageEvent<string>): void => {
      const call = JSON.parse(event.data) as CallSummary;
      if (!rules.current.accept(call)) return;
      waiting.current.push(call);
      if (waiting.current.length > MAX_LIVE) waiting.current.shift();
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        flush.current();
      });
    };
    source.onopen = () => setConnection('live');
    source.onerror = () => setConnection('away');
    source.onmessage = take;
    source.addEventListener('call', take);
    return () => {
      cancelAnimationFrame(frame);
      source.close();
      waiting.current = [];
      setCalls([]);
      setHeld(0);
      setConnection('connecting');
    };
  }, [on]);

  useEffect(() => {
    if (!paused) flush.current();
  }, [paused]);

  const state: LiveState = !on ? 'off' : paused ? 'paused' : connection;
  return { calls, held, state };
}
