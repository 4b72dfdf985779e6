/** Whose machine the data reaches, and what may go there when a config says nothing else. */
import { DATA_CLASSES, type DataClass } from '../core/protocol.ts';
import type { Party } from './stack.ts';

/** `null`: undeclared. */
const DEFAULT_ALLOW: Readonly<Record<Party, readonly DataClass[]>> = {
  own: DATA_CLASSES,
  private: ['public', 'internal', 'confidential'],
  third: ['public', 'internal'],
};

/** Parties that may be sent restricted data where their policy lists it. */
const TAKES_RESTRICTED: ReadonlySet<Party> = new Set(['own', 'private']);

/** Data classes a party is sent by default: own = all; private = all but restricted; third = public and internal; undeclared = none. */
export function defaultAllow(party: Party | null): DataClass[] {
  return party === null ? [] : [...DEFAULT_ALLOW[party]];
}

/** Whether restricted data may be allowed at all. Third parties: never. */
export function mayTakeRestricted(party: Party): boolean {
  return TAKES_RESTRICTED.has(party);
}
