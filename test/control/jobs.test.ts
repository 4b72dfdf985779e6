/** What runs by itself: retention, and keeping idle live streams open. */
import { expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { openControl, STACK, sampleCall } from './control-fixture.ts';

const DAY = 86_400_000;

test('retention deletes what is too old, by the active stack, within the hour', async () => {
  const clock = createManualClock(Date.now());
  await using fixture = await openControl({ clock, config: { ...STACK, retention: { callsDays: 7 } } });
  const old = sampleCall({ startedAt: clock.now() - 8 * DAY });
  const young = sampleCall({ startedAt: clock.now() - 6 * DAY });
  const { calls } = fixture.control.deps.store;
  await calls.insert([old, young]);
  clock.turn(60_000);
  await expect.poll(() => calls.get(old.id)).toBeUndefined();
  expect(await calls.get(young.id)).toBeDefined();
  clock.turn(2 * DAY);
  await expect.poll(() => calls.get(young.id)).toBeUndefined();
});

test('an idle live stream gets a comment now and then; a slow reader is told what it missed', async () => {
  const clock = createManualClock(Date.now());
  await using fixture = await openControl({ clock, config: STACK });
  const { live } = fixture.control.deps;
  const body = live.stream(new AbortController().signal).body as ReadableStream<Uint8Array>;
  const reader = body.pipeThrough(new TextDecoderStream(), { preventCancel: true }).getReader();
  expect((await reader.read()).value).toBe(': keep-alive\n\n');
  clock.turn(15_000);
  expect((await reader.read()).value).toBe(': keep-alive\n\n');
  await reader.cancel();

  const slow = live.stream(new AbortController().signal).body as ReadableStream<Uint8Array>;
  const call = sampleCall({ errorMessage: 'x'.repeat(100_000) });
  for (let i = 0; i < 20; i++) live.publish([call]);
  const slowReader = slow.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('x\n\n') && text.length < 800_000) text += (await slowReader.read()).value ?? '';
  live.publish([sampleCall()]);
  while (!text.includes('event: skipped')) text += (await slowReader.read()).value ?? '';
  const received = text.split('data: {').length - 1;
  const skipped = Number(/event: skipped\ndata: (\d+)/.exec(text)?.[1]);
  expect(received + skipped).toBe(20);
  await slowReader.cancel();
});
