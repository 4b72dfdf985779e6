import { TrimtabError } from '../core/error.ts';
import { type ConfigPath, formatPath } from './config-path.ts';
import { isCredentialLike, isSecretName } from './credential.ts';

/** One thing wrong with a config. */
export interface Problem {
  /** A path into the config: `tasks.triage.route`. */
  field: string;
  message: string;
}

/** config_invalid with everything that is wrong: `message` lists it for people, `problems` for programs. */
export class ConfigError extends TrimtabError {
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[]) {
    const [first] = problems;
    super('config_invalid', message, first ? { field: first.field } : {});
    this.problems = problems;
  }
}

const MAX_SHOWN_CHARS = 60;
const MAX_LISTED = 50;

/** Everything wrong with a config, gathered so that one run shows all of it. */
export interface Problems {
  add(path: ConfigPath, message: string): void;
  /** As {@link add}, naming the value that was written; never a value that may be a credential. */
  addValue(path: ConfigPath, value: unknown, message: string): void;
  readonly count: number;
  /** Throws {@link ConfigError} when there is anything; `field` is the first path. */
  throwIfAny(): void;
}

export function createProblems(): Problems {
  const found: Problem[] = [];
  const add = (path: ConfigPath, message: string): void => {
    found.push({ field: formatPath(path) || 'config', message });
  };
  return {
    add,
    addValue: (path, value, message) => add(path, `${showValue(path, value)} ${message}`),
    get count() {
      return found.length;
    },
    throwIfAny() {
      if (found.length === 0) return;
      const lines = found.slice(0, MAX_LISTED).map(({ field, message }) => `${field}: ${message}`);
      if (found.length > MAX_LISTED) lines.push(`and ${found.length - MAX_LISTED} more`);
      const message =
        found.length === 1
          ? (lines[0] as string)
          : `${found.length} problems\n${lines.map((line) => `- ${line}`).join('\n')}`;
      throw new ConfigError(message, found);
    },
  };
}

/** A value in a message: short, on one line, and hidden where it may be a secret. */
function showValue(path: ConfigPath, value: unknown): string {
  if (typeof value === 'string') {
    const secret = path.some((part) => isSecretName(String(part))) || isCredentialLike(value);
    if (secret) return '(value not shown)';
    return JSON.stringify(value.length > MAX_SHOWN_CHARS ? `${value.slice(0, MAX_SHOWN_CHARS)}...` : value);
  }
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
