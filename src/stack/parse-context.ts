import type { ConfigPath } from './config-path.ts';
import type { Problems } from './problems.ts';
import type { ProviderCatalog } from './stack.ts';

export interface ParseOptions {
  catalog: ProviderCatalog;
  /** Names of the routing policies there are, the default one first. */
  policies: readonly string[];
}

/** What the parts of the parser share. */
export interface ParseContext extends ParseOptions {
  problems: Problems;
}

/** A section's entries by name. Entries whose name or shape is wrong are reported and left out. */
export type Entries = [name: string, value: unknown][];

/** A section's entries that are right, and the names of all that were written: naming a wrong one is no second error. */
export interface Parsed<T> {
  valid: Map<string, T>;
  written: Set<string>;
}

/** Members that are not `undefined`. */
export function definedOf<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/;

/** Reports a name that cannot stand in a `model`: it starts with a letter or digit and has no `/` and no blank. */
export function checkName(name: string, path: ConfigPath, problems: Problems): boolean {
  if (NAME.test(name)) return true;
  problems.add(
    path,
    'is not a name: up to 100 letters, digits and . _ : @ -, beginning with a letter or a digit',
  );
  return false;
}
