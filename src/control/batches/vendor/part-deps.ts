import type { Clock } from '../../../core/clock.ts';
import type { MakeId } from '../../../core/id.ts';
import type { Logger } from '../../../core/log.ts';
import type { VendorLines } from '../../../gateway/batch/vendor-lines.ts';
import type { Store } from '../../../store/store.ts';

/** What the work on parts of batches goes by. */
export interface PartDeps {
  store: Pick<Store, 'batches' | 'batchParts' | 'calls'>;
  lines: VendorLines;
  clock: Clock;
  makeId: MakeId;
  logger: Logger;
  /** Whether this process is to leave the batch to another soon. */
  isStopping(): boolean;
  /** Told of records that were stored. */
  recorded(records: Parameters<Store['calls']['insert']>[0]): void;
}
