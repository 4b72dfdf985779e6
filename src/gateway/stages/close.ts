import type { TrimtabError } from '../../core/error.ts';
import { toTrimtabError } from '../../protocols/error-body.ts';
import type { Call } from '../call.ts';

/** The call is decided: its clocks stop and it no longer counts as under way. */
export function close(call: Call): void {
  call.over = true;
  if (call.wait) call.mark(call.waitStage);
  else call.markAttempts();
  call.wait?.stop();
  call.hedgeTimer?.stop();
  call.heldPlace?.undo();
  call.state.callsServed++;
  if (call.state.calls.delete(call) && call.parsed?.stream) call.state.openStreams--;
}

/** Anything thrown, as an error for the caller; a fault of ours is logged with its stack. */
export function loggedError(call: Call, thrown: unknown): TrimtabError {
  const error = toTrimtabError(thrown);
  if (error.code === 'internal') {
    const cause = error.cause instanceof Error ? error.cause.stack : error.message;
    call.state.options.logger.error({ call: call.id, cause }, 'A call met a fault in Trimtab');
  }
  return error;
}
