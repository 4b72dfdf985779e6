/**
 * Writes `test/conformance/schemas/*.json`: JSON Schema made of the types of the vendors' official SDKs, which the vendors
 * generate from their OpenAPI documents. Run it after an SDK was updated (a test compares the versions):
 *
 *     node scripts/vendor-schemas.ts
 *
 * The generator needs a TypeScript older than this repository's, so it is fetched from npm into a temporary folder.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const GENERATOR = 'ts-json-schema-generator@2.10.0';
const SDKS = { openai: 'openai', anthropic: '@anthropic-ai/sdk' } as const;
const TSCONFIG = {
  compilerOptions: { strict: true, module: 'nodenext', target: 'esnext', skipLibCheck: true, types: [] },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const schemas = join(root, 'test', 'conformance', 'schemas');

interface Package {
  version: string;
  license: string;
}

function installed(sdk: string): Package {
  return JSON.parse(readFileSync(join(root, 'node_modules', sdk, 'package.json'), 'utf8')) as Package;
}

function generate(folder: string, name: keyof typeof SDKS): void {
  const sdk = SDKS[name];
  const { version, license } = installed(sdk);
  copyFileSync(join(schemas, `${name}.ts`), join(folder, `${name}.ts`));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...TSCONFIG, files: [`${name}.ts`] }));
  const options = ['--type', 'Roots', '--no-type-check', '--additional-properties', '--jsDoc', 'none'];
  const from = ['--path', `${name}.ts`, '--tsconfig', 'tsconfig.json', '--minify'];
  const text = execFileSync('npx', ['ts-json-schema-generator', ...from, ...options], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const source = `Types of ${sdk} ${version} (${license}), made a schema by ${GENERATOR}.`;
  const schema = { $comment: source, ...(JSON.parse(text) as object) };
  writeFileSync(join(schemas, `${name}.json`), `${JSON.stringify(schema)}\n`);
  console.log(source);
}

const folder = mkdtempSync(join(tmpdir(), 'vendor-schemas-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const sdks = Object.values(SDKS).map((sdk) => `${sdk}@${installed(sdk).version}`);
  execFileSync('npm', ['install', '--silent', '--ignore-scripts', GENERATOR, ...sdks], { cwd: folder });
  for (const name of Object.keys(SDKS) as (keyof typeof SDKS)[]) generate(folder, name);
} finally {
  rmSync(folder, { recursive: true });
}
