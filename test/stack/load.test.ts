import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateField } from '../../src/stack/config-file.ts';
import { findConfig, loadConfig, watchConfig } from '../../src/stack/load.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trimtab-load-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const refusal = async (path: string): Promise<string> => {
  const error = await loadConfig(path).then(
    () => new Error('was accepted'),
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ code: 'config_invalid' });
  return error.message;
};

describe('findConfig', () => {
  test('finds the one there is, or none', () => {
    expect(findConfig(dir, {})).toBeNull();
    const path = write('trimtab.config.yaml', '');
    expect(findConfig(dir, {})).toBe(path);
  });

  test('two are an error that names both', () => {
    write('trimtab.config.yaml', '');
    write('trimtab.config.ts', '');
    expect(() => findConfig(dir, {})).toThrow(/trimtab\.config\.ts and trimtab\.config\.yaml/);
  });

  test('TRIMTAB_CONFIG goes first and must exist', () => {
    write('trimtab.config.yaml', '');
    const path = write('other.json', '{}');
    expect(findConfig(dir, { TRIMTAB_CONFIG: 'other.json' })).toBe(path);
    expect(() => findConfig(dir, { TRIMTAB_CONFIG: 'gone.json' })).toThrow(/no such file/);
  });
});

describe('YAML and JSON', () => {
  test('read what they say', async () => {
    const yaml = write('a.yaml', 'providers:\n  acme:\ntasks:\n  t: { route: acme/x }\n');
    const json = write('a.json', '{"providers":{"acme":null},"tasks":{"t":{"route":"acme/x"}}}');
    expect(await loadConfig(yaml)).toEqual(await loadConfig(json));
  });

  test.each([
    ['a.yaml', 'providers:\n  acme: {}\n acme2: {}\n', ':3:'],
    ['a.yaml', 'tasks:\n  a: {}\n  a: {}\n', ':3:3'],
    ['a.yaml', 'tasks: *nothing\n', ''],
    ['a.json', '{\n  "providers": {},\n}', ':3:1'],
    ['a.json', '{\n  "a": 1\n  "b": 2\n}', ':2:'],
    ['a.json', "{\n  'a': 1\n}", ':2:3'],
    ['a.json', '{\n  "a": 1,\n  "a": 2\n}', ':3:3'],
    ['a.json', '{ "a": sk-secret0123456789abcdef }', ''],
    ['a.json', '', ''],
  ])('%s %j is refused at its place', async (name, text, place) => {
    const path = write(name, text);
    const message = await refusal(path);
    expect(message).toContain(`${path}${place}`);
    expect(message).not.toContain('sk-secret');
  });

  test('a field is located by line and column', () => {
    const text = 'providers:\n  acme: {}\ntasks:\n  t:\n    route:\n      - acme/x\n      - acme/y\n';
    expect(locateField(text, 'tasks.t.route[1]')).toEqual({ line: 7, column: 9 });
    expect(locateField(text, 'tasks.t.rout')).toEqual({ line: 4, column: 3 });
    expect(locateField('{\n "tasks": {\n  "t": {}}}', 'tasks.t')).toEqual({ line: 3, column: 3 });
    expect(locateField(text, 'gateway')).toBeUndefined();
  });
});

describe('TypeScript and JavaScript', () => {
  test('types, imports of neighbours and of trimtab work without node_modules', async () => {
    write('names.ts', `export const model: string = 'acme/x';`);
    const path = write(
      'trimtab.config.ts',
      `import { defineStack, env, type StackInput } from 'trimtab';
       import { model } from './names.ts';
       const extra: StackInput = { providers: { acme: { apiKey: env('MY_KEY') } } };
       export default defineStack({ ...extra, tasks: { t: { route: model, description: undefined } } });`,
    );
    expect(await loadConfig(path)).toEqual({
      providers: { acme: { apiKey: { env: 'MY_KEY' } } },
      tasks: { t: { route: 'acme/x' } },
    });
  });

  test.each(['ts', 'js'])('a .%s config is an ES module in a CommonJS package too', async (extension) => {
    write('package.json', '{"type":"commonjs"}');
    write('neighbour.mjs', `export const route = 'sandbox/small';`);
    const text = `import { defineStack } from 'trimtab';
import { route } from './neighbour.mjs';
export default defineStack({ tasks: { triage: { route } } });`;
    const path = write(`trimtab.config.${extension}`, text);
    expect(await loadConfig(path)).toEqual({ tasks: { triage: { route: 'sandbox/small' } } });
  });

  test('CommonJS, a promise, and a fresh module at each load', async () => {
    expect(await loadConfig(write('a.cjs', 'module.exports = { tasks: {} };'))).toEqual({ tasks: {} });
    const path = write('a.mjs', 'export default Promise.resolve({ a: 1 });');
    expect(await loadConfig(path)).toEqual({ a: 1 });
    write('a.mjs', 'export default { a: 2 };');
    expect(await loadConfig(path)).toEqual({ a: 2 });
  });

  test.each([
    ['a.mjs', 'export default { tasks: { t: { route: () => 1 } } };', 'tasks.t.route is a function'],
    ['a.mjs', 'export default { at: new Date() };', 'at is an instance of Date'],
    ['a.mjs', 'const a = {}; a.a = a; export default a;', 'a circle'],
    ['a.mjs', 'export default () => ({});', 'the default export is a function'],
    ['a.mjs', 'export const stack = {};', 'exports no default'],
    ['a.mjs', 'process.exit(0);', 'process.exit'],
    ['a.mjs', 'const a = 1;\nthrow new Error("no luck");', ':2:7: no luck'],
    ['a.ts', 'const a = 1;\nexport default { a: };\n', ':2'],
    ['a.mjs', 'import "nowhere-at-all"; export default {};', 'nowhere-at-all'],
    ['a.toml', 'a = 1', 'the name must end in'],
  ])('%s %j is refused: %s', async (name, text, message) => {
    expect(await refusal(write(name, text))).toContain(message);
  });

  test('a missing file is refused by name', async () => {
    expect(await refusal(join(dir, 'gone.ts'))).toContain('ENOENT');
  });
});

describe('watchConfig', () => {
  function changes(path: string) {
    let seen = 0;
    let wake = (): void => {};
    const watcher = watchConfig(path, () => {
      seen++;
      wake();
    });
    return {
      seen: () => seen,
      next: () =>
        new Promise<void>((done) => {
          wake = done;
        }),
      close: () => watcher.close(),
    };
  }

  test('sees a write in place, a rename over the file, and a link that moves', async () => {
    const path = write('trimtab.config.json', '{}');
    const watched = changes(path);
    let next = watched.next();
    write('trimtab.config.json', '{"a":1}');
    await next;
    next = watched.next();
    renameSync(write('.swap', '{"a":2}'), path);
    await next;
    next = watched.next();
    rmSync(path);
    symlinkSync(write('elsewhere.json', '{"a":3}'), path);
    await next;
    watched.close();
    expect(watched.seen()).toBe(3);
  });

  test('does not see a save of the same content or of another file', async () => {
    const path = write('trimtab.config.json', '{}');
    const watched = changes(path);
    write('trimtab.config.json', '{}');
    write('other.json', '{}');
    const next = watched.next();
    write('trimtab.config.json', '{"a":1}');
    await next;
    watched.close();
    expect(watched.seen()).toBe(1);
  });
});
