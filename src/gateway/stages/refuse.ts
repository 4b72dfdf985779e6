import type { Call } from '../call.ts';
import { loggedError } from './close.ts';
import * as client from './deliver.ts';
import { recordCall } from './record.ts';

/** Stages before the attempts, in their order: a call is refused in the one it did not pass. */
const STAGES = ['authenticate', 'identify', 'plan'];

/** Answered before any attempt. */
export function refuse(call: Call, thrown: unknown): void {
  call.mark(STAGES[call.stages.length] ?? 'plan');
  const reply = client.errorReply(call, loggedError(call, thrown));
  client.count(call, reply.body);
  recordCall(call, { outcome: 'refused', status: reply.status, error: reply.error });
  client.sendReply(call, reply);
}
