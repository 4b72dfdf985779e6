/** The thread that runs one config file and posts what it exports. Started by `load.ts`, ended by its answer. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { formatPath } from './config-path.ts';

export interface ConfigRequest {
  path: string;
}

export type ConfigAnswer =
  | { ok: true; value: unknown }
  /** `why` follows the file's path: `:3: Unexpected token`, `: exports a function`. */
  | { ok: false; why: string; field?: string };

const PACKAGE = 'trimtab';
/** A `.js` file that exports like this is an ES module, whatever its package says. */
const EXPORTS = /^\s*export\s/m;
const MAX_DEPTH = 100;

class NotPlain extends Error {
  readonly field: string;

  constructor(field: string, what: string) {
    super(what);
    this.field = field;
  }
}

/**
 * `import { defineStack } from 'trimtab'` means this installation, also where it is not in `node_modules`. A config is
 * an ES module even in a package of `"type": "commonjs"`, which is what `npm init` writes.
 */
function loadAsStack(config: string): void {
  const entry = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      return specifier === PACKAGE ? { url: entry, shortCircuit: true } : next(specifier, context);
    },
    load(url, context, next) {
      const { format } = context;
      const typescript = format === 'commonjs-typescript' && !url.includes('/node_modules/');
      if (typescript) return next(url, { ...context, format: 'module-typescript' });
      const isModule =
        format === 'commonjs' && url === config && EXPORTS.test(readFileSync(new URL(url), 'utf8'));
      return next(url, isModule ? { ...context, format: 'module' } : context);
    },
  });
}

async function run({ path }: ConfigRequest): Promise<ConfigAnswer> {
  const url = pathToFileURL(path).href;
  loadAsStack(url);
  let exports: { default?: unknown };
  try {
    exports = (await import(url)) as { default?: unknown };
  } catch (error) {
    return { ok: false, why: describe(error, url) };
  }
  if (!('default' in exports))
    return { ok: false, why: ': exports no default; write `export default defineStack({ ... })`' };
  try {
    return { ok: true, value: toPlain(await exports.default, []) };
  } catch (error) {
    if (error instanceof NotPlain) {
      return {
        ok: false,
        why: `: ${error.field || 'the default export'} is ${error.message}; a stack is plain data`,
        field: error.field,
      };
    }
    return { ok: false, why: describe(error, url) };
  }
}

/** Message with the line it happened on; the line's text stays out, as it may hold a secret. */
function describe(error: unknown, url: string): string {
  if (!(error instanceof Error)) return `: threw ${typeof error}`;
  const stack = error.stack ?? '';
  const place = [url, fileURLToPath(url)]
    .map((name) => stack.indexOf(`${name}:`) + `${name}:`.length)
    .filter((at, index) => at >= `${[url, fileURLToPath(url)][index]}:`.length)
    .map((at) => /^\d+(?::\d+)?/.exec(stack.slice(at))?.[0])
    .find((found) => found !== undefined);
  const message = error.message.split('\n').find((line) => line.trim() !== '') ?? error.name;
  return `${place === undefined ? '' : `:${place}`}: ${message.trim()}`;
}

function toPlain(value: unknown, path: (string | number)[]): unknown {
  if (path.length > MAX_DEPTH)
    throw new NotPlain(formatPath(path.slice(0, 5)), 'a circle, or nested too deeply');
  if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return value;
  if (typeof value !== 'object') throw new NotPlain(formatPath(path), `a ${typeof value}`);
  if (Array.isArray(value)) return value.map((item, index) => toPlain(item, [...path, index]));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name = (prototype as { constructor?: { name?: string } }).constructor?.name;
    throw new NotPlain(formatPath(path), `an instance of ${name || 'a class'}`);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, toPlain(member, [...path, key])]),
  );
}

process.removeAllListeners('warning');
parentPort?.postMessage(await run(workerData as ConfigRequest));
