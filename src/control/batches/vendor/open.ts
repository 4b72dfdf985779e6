/** What parts of batches work with, made when the first batch goes on: most servers never need it. */
import type { VendorLines } from '../../../gateway/batch/vendor-lines.ts';
import { providers } from '../../../providers/index.ts';
import { policies } from '../../../routing/index.ts';
import type { ControlDeps } from '../../deps.ts';
import type { PartDeps } from './part-deps.ts';

export type VendorDeps = Pick<
  ControlDeps,
  'store' | 'revisions' | 'clock' | 'makeId' | 'logger' | 'metrics' | 'live'
>;

export class VendorWay {
  readonly #deps: VendorDeps;
  #lines: Promise<VendorLines> | null = null;
  #snapshot: unknown = null;

  constructor(deps: VendorDeps) {
    this.#deps = deps;
  }

  /** Serves by the stack as it is now. `isStopping`: whether this process gives the batch away. */
  async open(isStopping: () => boolean): Promise<PartDeps> {
    const { store, clock, makeId, logger, revisions, metrics, live } = this.#deps;
    this.#lines ??= this.#load();
    const lines = await this.#lines;
    const snapshot = revisions.snapshot();
    if (snapshot !== this.#snapshot) lines.update(snapshot);
    this.#snapshot = snapshot;
    return {
      store,
      lines,
      clock,
      makeId,
      logger,
      isStopping,
      recorded(records) {
        metrics.observe(records);
        live.publish(records);
      },
    };
  }

  async close(): Promise<void> {
    await (await this.#lines)?.close();
  }

  async #load(): Promise<VendorLines> {
    const { createVendorLines } = await import('../../../gateway/batch/vendor-lines.ts');
    const { revisions, clock, makeId, logger } = this.#deps;
    const snapshot = revisions.snapshot();
    this.#snapshot = snapshot;
    return createVendorLines({ snapshot, providers, policies, clock, makeId, random: Math.random, logger });
  }
}
