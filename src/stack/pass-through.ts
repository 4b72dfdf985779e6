/** `providers.<name>.passThrough`: which parts of a vendor's own API keys may use. */
import { z } from 'zod';
import { keepsNothing, OPERATION_GROUPS, type OperationGroup, type OwnApi } from '../core/operation.ts';
import type { ConfigPath } from './config-path.ts';
import type { Problems } from './problems.ts';
import type { ProviderConfig, ProviderTypeInfo } from './stack.ts';

export const passThroughSchema = z
  .array(z.enum(OPERATION_GROUPS))
  .describe(
    "Parts of the vendor's own API that keys may use. fineTuning, uploads, files, batches and models are the whole account's, so they must be named. Default: of completions, images, audio and moderations those the type has.",
  );

/** The parts of a provider's own API that keys may use. */
export function partsOf(
  { passThrough }: Pick<ProviderConfig, 'passThrough'>,
  ownApi: OwnApi | undefined,
): readonly OperationGroup[] {
  if (!ownApi) return [];
  return passThrough ?? ownApi.groups.filter(keepsNothing);
}

interface At {
  path: ConfigPath;
  problems: Problems;
}

/** What the config names, once each, in the order of the parts. */
export function parsePassThrough(
  given: readonly OperationGroup[] | undefined,
  { ownApi, type }: ProviderTypeInfo,
  { path, problems }: At,
): Pick<ProviderConfig, 'passThrough'> {
  if (given === undefined) return {};
  if (!ownApi && given.length > 0) {
    const text = `must be empty: of the API of ${type} nothing but its protocols is passed on`;
    problems.add([...path, 'passThrough'], text);
  }
  return { passThrough: OPERATION_GROUPS.filter((group) => given.includes(group)) };
}
