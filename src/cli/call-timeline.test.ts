import { expect, test } from 'vitest';
import { recordOf } from '../../test/evidence/records.ts';
import type { CallAnswer } from '../control/api-types.ts';
import type { AttemptRecord } from '../core/call-record.ts';
import { renderCall } from './call-timeline.ts';

const io = {
  out: () => {},
  err: () => {},
  env: {},
  cwd: '/',
  interactive: false,
  colour: false,
  columns: 100,
  now: () => 0,
} as unknown as Parameters<typeof renderCall>[1]['io'];

function render(dropped?: string[]): string {
  const call = recordOf('call_1');
  const attempts = call.attempts.map(
    (attempt): AttemptRecord => ({ ...attempt, ...(dropped && { dropped }) }),
  );
  const answer: CallAnswer = { ...call, attempts, feedback: [], revisionActive: true };
  return renderCall(answer, { io, payload: false });
}

test('a call shows what was left out of its request, under the attempt', () => {
  expect(render(['seed', 'logprobs'])).toContain('left out: seed, logprobs');
  expect(render()).not.toContain('left out');
});
