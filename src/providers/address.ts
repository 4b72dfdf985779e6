import { validateHeaderName, validateHeaderValue } from 'node:http';
import { TrimtabError } from '../core/error.ts';

/** Where an instance listens. `path` has no trailing slash. */
export interface Address {
  origin: string;
  path: string;
}

/** Splits a base URL. Throws TrimtabError(config_invalid) naming `baseUrl`. */
export function parseAddress(baseUrl: string | null, type: string): Address {
  if (baseUrl === null) throw invalid('baseUrl', `${type} needs a \`baseUrl\``);
  const url = URL.parse(baseUrl);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('baseUrl', '`baseUrl` is not an http or https URL');
  }
  if (url.username || url.password || url.search || url.hash) {
    throw invalid('baseUrl', '`baseUrl` must not hold a user, a query or a fragment');
  }
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '') };
}

/** Checked headers in undici's flat form. The error names the header, never its value. */
export function toHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw invalid(
        `headers.${name}`,
        `The header \`${name}\` cannot be sent: it holds a forbidden character`,
      );
    }
    return [name.toLowerCase(), value];
  });
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('config_invalid', message, { field });
}
