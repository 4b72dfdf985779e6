import { TrimtabError } from '../../core/error.ts';
import { statusAnswer } from '../answers.ts';
import type { StatusAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';

/** An empty database has a size too: among fewer calls it says nothing of one call. */
const MIN_CALLS_TO_DIVIDE = 1000;

export const statusRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/status',
    summary: 'What runs, from which config, how full, how well; answered even when the database is away',
    answer: { status: 200, schema: statusAnswer },
    async handle(_input, deps): Promise<StatusAnswer> {
      const database = await refreshFromStore(deps);
      const { state } = deps;
      return {
        version: state.version,
        startedAt: state.startedAt,
        url: state.url,
        engine: state.engine,
        ...deps.revisions.status(),
        presence: state.presence,
        spool: { state: state.process?.spool ?? 'ok', pendingBytes: state.spoolPendingBytes },
        storage: state.storage,
        process: state.process,
        database,
      };
    },
  }),
];

/** Brings what the store knows up to date, or keeps the last known figures when it is away. */
async function refreshFromStore({ store, state }: ControlDeps): Promise<StatusAnswer['database']> {
  try {
    const [presence, stats] = await Promise.all([store.calls.presence(), store.stats()]);
    const { engine, ...storage } = stats;
    const isTelling = storage.calls >= MIN_CALLS_TO_DIVIDE;
    const bytesPerCall = isTelling ? storage.bytesPerCall : null;
    Object.assign(state, { presence, engine, storage: { ...storage, bytesPerCall } });
    return 'ok';
  } catch (error) {
    if (error instanceof TrimtabError && error.code === 'store_unavailable') return 'away';
    throw error;
  }
}
