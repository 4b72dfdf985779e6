import type { LoadTest } from '../capacity/load-test/load-test.ts';
import type { LoadTestsAnswer } from '../control/api-types.ts';
import { withClient } from './client.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

/** Tests read: more of them are older than anybody would plan by. */
const MOST = 200;

/** Load tests of the server or data folder at hand; without one, none. Throws CliError when it is there and fails. */
export async function readLoadTests(io: CliIo, dataDir: string | undefined): Promise<LoadTest[]> {
  try {
    return await withClient(io, { dataDir }, async (client) => {
      const { loadTests } = await client.get<LoadTestsAnswer>('/api/v1/load-tests', { limit: MOST });
      return loadTests;
    });
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.unreachable) return [];
    throw error;
  }
}
