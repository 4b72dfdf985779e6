import type { ParsedProfile } from '../../advisor/profile/file.ts';
import { parseProfile } from '../../advisor/profile/parse.ts';
import { TrimtabError } from '../../core/error.ts';
import { ConfigError } from '../../stack/problems.ts';

/** A profile as it was sent or kept. Throws TrimtabError(invalid_request) that names the field. */
export function parseStored(profile: unknown): ParsedProfile {
  try {
    return parseProfile(profile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const field = error.problems[0]?.field;
    throw new TrimtabError('invalid_request', error.message, field === undefined ? {} : { field });
  }
}
