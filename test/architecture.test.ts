/** The rules of the house, executable: who may import whom, whose name stands where, how large things get. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';
import { providers } from '../src/providers/index.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Rooms from the ground up. A file imports from its own room and from those before it. */
const ROOMS = [
  'core',
  'stack',
  'store',
  'providers',
  'protocols',
  'routing',
  'governance',
  'evidence',
  'gateway',
  'capacity',
  'advisor',
  'control',
  'main.ts',
  'index.ts',
  'cli',
];
const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 60;
const MAX_PIPELINE_LINES = 150;
const MAX_PARAMETERS = 3;

/** The sandbox is vocabulary (call records, pages and prices label it), so its name may stand anywhere. */
const COMMON_WORDS = new Set(['sandbox']);

/** Where outside products may be named: a provider's own folder, and the readers of other tools' exports. */
const NAMING_FOLDERS = /^src\/(providers\/[^/]+|evidence\/history\/formats)\//;

interface Node {
  type: string;
  start: number;
  end: number;
  [member: string]: unknown;
}

interface Source {
  path: string;
  text: string;
  program: Node;
}

const sources: Source[] = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const parsed = parseSync(path, text);
    if (parsed.errors.length > 0) throw new Error(`${path} does not parse`);
    return { path, text, program: parsed.program as unknown as Node };
  });

function walk(
  node: Node,
  visit: (node: Node, parent: Node | null) => void,
  parent: Node | null = null,
): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object' && typeof child.type === 'string') walk(child, visit, node);
    }
  }
}

/** Paths below the root that a file imports, type imports included. */
function importsOf({ path, program }: Source): string[] {
  const found: string[] = [];
  walk(program, (node) => {
    const isImport =
      /^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type) ||
      node.type === 'TSImportType';
    const source = (isImport ? (node.source ?? node.argument) : null) as { value?: unknown } | null;
    if (typeof source?.value === 'string' && source.value.startsWith('.')) {
      found.push(relative(root, join(root, dirname(path), source.value)));
    }
  });
  return found;
}

function roomOf(path: string): string {
  const [, room] = path.split('/');
  return room as string;
}

function linesBetween(text: string, start: number, end: number): number {
  return text.slice(start, end).split('\n').length;
}

describe('the house', () => {
  test('has only known rooms', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(
      [...new Set(sources.map(({ path }) => roomOf(path)))].filter((room) => !ROOMS.includes(room)),
    ).toEqual([]);
  });

  test('imports run one way', () => {
    const upward = sources.flatMap((source) =>
      importsOf(source)
        .filter((target) => ROOMS.indexOf(roomOf(target)) > ROOMS.indexOf(roomOf(source.path)))
        .map((target) => `${source.path} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });

  test('has no import cycle', () => {
    const graph = new Map(sources.map((source) => [source.path, importsOf(source)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const follow = (path: string, trail: string[]): void => {
      const at = trail.indexOf(path);
      if (at >= 0) {
        cycles.push([...trail.slice(at), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      for (const target of graph.get(path) ?? []) follow(target, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) follow(path, []);
    expect(cycles).toEqual([]);
  });

  test('the economics run in a browser: no other room but core, nothing of Node, no clock, no chance', () => {
    const folder = 'src/advisor/economics/';
    const bad = sources
      .filter(({ path }) => path.startsWith(folder))
      .flatMap(({ path, text }) => {
        const values = [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+)'/gm)]
          .map(([, from]) => from as string)
          .filter((from) => !/^\.\/|^\.\.\/\.\.\/core\//.test(from));
        const words =
          text.match(/\bDate\.now|\bnew Date\(\)|\bMath\.random|\bprocess\.|\bBuffer\b|\brequire\(/g) ?? [];
        return [...values, ...words].map((found) => `${path}: ${found}`);
      });
    expect(bad).toEqual([]);
  });

  test('the dashboard takes types from the server, and else only what runs in a browser: advisor and core, nothing of Node, no package', () => {
    const valuesOf = (path: string): string[] =>
      [
        ...readFileSync(path, 'utf8').matchAll(
          /^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?'([^']+)'/gm,
        ),
      ].map(([, from]) => from as string);
    const taken = globSync('dashboard/src/**/*.{ts,tsx}', { cwd: root }).flatMap((path) =>
      valuesOf(join(root, path))
        .filter((from) => /^(?:\.\.\/)+src\//.test(from))
        .map((from) => resolve(root, dirname(path), from)),
    );
    expect(taken.length).toBeGreaterThan(0);
    const reached = new Set(taken);
    const bad: string[] = [];
    for (const path of reached) {
      const shown = relative(root, path);
      if (!/^src\/(?:advisor|core)\//.test(shown)) bad.push(shown);
      else {
        for (const from of valuesOf(path)) {
          if (from.startsWith('.')) reached.add(resolve(dirname(path), from));
          else bad.push(`${shown}: ${from}`);
        }
      }
    }
    expect(bad).toEqual([]);
  });

  test('no provider is named outside its own folder', () => {
    const names = new Set(providers.map(({ type }) => type).filter((type) => !COMMON_WORDS.has(type)));
    expect(names.size).toBeGreaterThan(10);
    const pattern = new RegExp(`(?<![\\w-])(?:${[...names].join('|')})(?![\\w-])`);
    const named = sources
      .filter(({ path }) => !NAMING_FOLDERS.test(path) && path !== 'src/providers/index.ts')
      .flatMap(({ path, program }) => {
        const found: string[] = [];
        walk(program, (node, parent) => {
          const isText = node.type === 'Literal' || node.type === 'TemplateElement';
          if (!isText || /^(Import|Export)/.test(parent?.type ?? '')) return;
          const raw = node.type === 'Literal' ? node.value : (node.value as { cooked?: string }).cooked;
          if (typeof raw === 'string' && pattern.test(raw)) found.push(`${path}: ${raw.slice(0, 60)}`);
        });
        return found;
      });
    expect(named).toEqual([]);
  });

  test('a provider folder names no other provider folder but the one it builds on', () => {
    const bad = sources
      .filter(({ path }) => /^src\/providers\/[^/]+\//.test(path))
      .flatMap((source) => importsOf(source).map((target) => [source.path, target] as const))
      .filter(([path, target]) => {
        const own = path.split('/')[2];
        const other = /^src\/providers\/([^/]+)\//.exec(target)?.[1];
        return other !== undefined && other !== own && other !== 'openai-compatible';
      });
    expect(bad).toEqual([]);
  });

  test('a native provider is one folder and one line of the registry', () => {
    const registry = 'src/providers/index.ts';
    // The base others build on, and the sandbox, whose vendor the composition root starts.
    const folders = [
      ...new Set(sources.map(({ path }) => /^src\/providers\/([^/]+)\//.exec(path)?.[1])),
    ].filter((folder) => folder !== undefined && folder !== 'openai-compatible' && folder !== 'sandbox');
    expect(folders.length).toBeGreaterThan(1);
    const own = (folder: string | undefined) => `src/providers/${folder}/`;
    const users = folders.flatMap((folder) =>
      sources
        .filter(({ path }) => path !== registry && !path.startsWith(own(folder)))
        .filter((source) => importsOf(source).some((target) => target.startsWith(own(folder))))
        .map(({ path }) => `${path} -> ${folder}`),
    );
    expect(users).toEqual([]);
    const text = sources.find(({ path }) => path === registry)?.text ?? '';
    // Written once by hand after CONTRIBUTING: an import, and a line of the list.
    expect(text.split('\n').filter((line) => /\banthropic\b/.test(line))).toHaveLength(2);
  });

  test('files stay readable', () => {
    const long = sources
      .map(({ path, text }) => [path, text.trimEnd().split('\n').length] as const)
      .filter(
        ([path, lines]) => lines > (path === 'src/gateway/pipeline.ts' ? MAX_PIPELINE_LINES : MAX_FILE_LINES),
      );
    expect(long).toEqual([]);
  });

  test('functions stay readable', () => {
    const long: string[] = [];
    for (const { path, text, program } of sources) {
      walk(program, (node, parent) => {
        if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
        const lines = linesBetween(text, node.start, node.end);
        const name = (node.id ?? (parent as Node | null)?.id ?? (parent as Node | null)?.key) as {
          name?: string;
        } | null;
        const parameters = (node.params as unknown[]).length;
        const line = linesBetween(text, 0, node.start);
        if (lines > MAX_FUNCTION_LINES) long.push(`${path}:${line} ${name?.name ?? ''} has ${lines} lines`);
        if (parameters > MAX_PARAMETERS && name?.name !== undefined) {
          long.push(`${path}:${line} ${name.name} has ${parameters} parameters`);
        }
      });
    }
    expect(long).toEqual([]);
  });

  test('nothing is left unfinished', () => {
    const marks = sources.filter(({ text }) =>
      /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|\bfor now\b/.test(text),
    );
    expect(marks.map(({ path }) => path)).toEqual([]);
  });

  test('file names are kebab-case and say what they hold', () => {
    const vague = /^(utils?|helpers?|common|misc|shared|lib)\b/;
    const bad = sources
      .map(({ path }) => path)
      .filter(
        (path) =>
          path.split('/').some((part) => vague.test(part)) ||
          !/\/[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(path),
      );
    expect(bad).toEqual([]);
  });
});
