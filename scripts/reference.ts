/**
 * The tables of the docs that are made from the code: `npm run docs` writes them, `test/docs.test.ts` compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrate } from '../src/capacity/calibration/leave-one-out.ts';
import { readCalibrationRows } from '../src/capacity/calibration/rows.ts';
import { ERRORS } from '../src/core/error.ts';
import { keepsNothing, OPERATION_GROUPS } from '../src/core/operation.ts';
import { carries, type TextProtocol, type Way, WORDS, wayOf } from '../src/protocols/carried.ts';
import { OPERATIONS } from '../src/protocols/operations.ts';
import { FEATURES, type Feature } from '../src/providers/features.ts';
import { catalog, providers } from '../src/providers/index.ts';
import { faultReference } from '../test/conformance/fault-table.ts';
import { constraintReference, questionReference, ruleReference } from './advisor-reference.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  required?: string[];
  $ref?: string;
}

/** One row per config key: path, what it takes, default, meaning. */
export function configReference(): string {
  const schema = JSON.parse(readFileSync(join(root, 'schema.json'), 'utf8')) as SchemaNode & {
    $defs?: Record<string, SchemaNode>;
  };
  const resolve = (node: SchemaNode): SchemaNode =>
    node.$ref ? { ...schema.$defs?.[node.$ref.split('/').at(-1) as string], ...node } : node;
  const rows: string[] = [];
  const visit = (raw: SchemaNode, path: string, required: boolean): void => {
    const node = resolve(raw);
    const variants = (node.anyOf ?? node.oneOf ?? []).map(resolve);
    if (path !== '') rows.push(toRow(node, path, required, variants));
    for (const part of [node, ...variants]) {
      for (const [name, child] of Object.entries(part.properties ?? {})) {
        if (name === '$schema') continue;
        visit(child, path === '' ? name : `${path}.${name}`, part.required?.includes(name) ?? false);
      }
      if (typeof part.additionalProperties === 'object' && path !== '') {
        visit(part.additionalProperties, `${path}.<name>`, false);
      }
    }
  };
  visit(schema, '', false);
  const unique = [...new Set(rows)];
  return ['| key | takes | default | meaning |', '|---|---|---|---|', ...unique].join('\n');
}

function toRow(node: SchemaNode, path: string, required: boolean, variants: SchemaNode[]): string {
  const takes = [...new Set((variants.length > 0 ? variants : [node]).map(typeName))].join(' or ');
  const fallback =
    node.default === undefined || typeof node.default === 'object' ? '' : `\`${String(node.default)}\``;
  const meaning = node.description ?? '';
  return `| \`${path}\` | ${takes} | ${required && fallback === '' ? 'required' : fallback} | ${meaning.replaceAll('|', '\\|')} |`;
}

function typeName(node: SchemaNode): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  const type = Array.isArray(node.type) ? node.type.join(' or ') : node.type;
  return type ?? 'any value';
}

export function errorReference(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, type, retryable, advice }]) =>
      `| \`${code}\` | ${status} | \`${type}\` | ${retryable ? 'yes' : 'no'} | ${advice} |`,
  );
  return ['| code | status | type | again | what to do |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** One row per provider type: what to write, where it is, which variable holds its key. */
export function providerReference(): string {
  const rows = catalog.types().map((type) => {
    const place =
      type.defaultBaseUrl ??
      (type.localPorts.length > 0
        ? ''
        : type.knowsAddress
          ? 'its own'
          : `\`baseUrl\` is required${type.exampleBaseUrl ? `, like ${type.exampleBaseUrl}` : ''}`);
    const local = type.localPorts.length > 0 ? `found on port ${type.localPorts.join(', ')}` : '';
    const address = [place, local].filter(Boolean).join('; ');
    const party = type.defaultDataPolicy(
      type.defaultBaseUrl ?? type.exampleBaseUrl ?? 'https://api.example.com/v1',
    ).party;
    return `| \`${type.type}\` | ${type.label} | ${address} | ${type.apiKeyEnv.map((name) => `\`${name}\``).join(', ')} | ${party ?? 'declare it'} |`;
  });
  return [
    '| type | vendor or engine | address | key variable | party |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const WAYS: Readonly<Record<Way, string>> = {
  native: 'passed through',
  translated: 'translated',
  'over-chat': 'over chat',
};

/** How each protocol reaches each provider. */
export function protocolReference(): string {
  const names = ['chat', 'responses', 'messages', 'embeddings'] as const;
  const rows = providers.map((provider) => {
    const ways = names.map((protocol) => wayOf(provider, protocol));
    return `| \`${provider.type}\` | ${ways.map((way) => (way === null ? 'no' : WAYS[way])).join(' | ')} |`;
  });
  return [`| provider | ${names.join(' | ')} |`, '|---|---|---|---|---|', ...rows].join('\n');
}

/** What each provider carries of what a protocol has words for. */
function capabilityReference(protocol: TextProtocol): string {
  const features = (Object.keys(FEATURES) as Feature[]).filter((feature) => WORDS[protocol][feature]);
  const rows = providers.map((provider) => {
    const cells = features.map((feature) => {
      const carried = carries(provider, protocol, feature);
      if (carried === undefined) return 'not known';
      return carried ? 'yes' : 'no';
    });
    return `| \`${provider.type}\` | ${cells.join(' | ')} |`;
  });
  return [
    `| provider | ${features.map((feature) => FEATURES[feature]).join(' | ')} |`,
    `|---|${features.map(() => '---|').join('')}`,
    ...rows,
  ].join('\n');
}

/** Which parts of its own API each provider has. */
function ownApiReference(): string {
  const rows = providers.map(({ type, ownApi }) => {
    const cells = OPERATION_GROUPS.map((group) => {
      if (!ownApi || !OPERATIONS.some((one) => one.wire === ownApi.wire && one.group === group)) return 'no';
      if (!ownApi.groups.includes(group)) return 'not known';
      return keepsNothing(group) ? 'yes' : 'when named';
    });
    return `| \`${type}\` | ${cells.join(' | ')} |`;
  });
  return [
    `| provider | ${OPERATION_GROUPS.join(' | ')} |`,
    `|---|${OPERATION_GROUPS.map(() => '---|').join('')}`,
    ...rows,
  ].join('\n');
}

const MODEL_PLACES = { json: 'body', form: 'form', either: 'body or form' } as const;

/** Every path of a vendor's own API that is passed on. */
function operationReference(): string {
  const rows = OPERATIONS.map(({ name, group, wire, model, atRoot }) => {
    const where = atRoot ? 'both' : '`/providers/<name>`';
    const place = model === null ? '' : MODEL_PLACES[model];
    return `| \`${name}\` | ${group} | ${wire} | ${place} | ${where} |`;
  });
  return ['| operation | part | vendors of | model in | way in |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

/** Published against predicted, every configuration predicted from the others; the figures first. */
export function calibrationReference(): string {
  const { measurements, outOfScope } = readCalibrationRows();
  const { predictions, medianError, p90Error, ratio } = calibrate(measurements);
  const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;
  const rows = predictions.map(
    ({ measurement: { configuration, label, outputTokensPerSecond }, predicted }) => {
      const error = percent(predicted / outputTokensPerSecond - 1);
      return `| ${configuration} | ${label} | ${outputTokensPerSecond.toFixed(0)} | ${predicted.toFixed(0)} | ${error} |`;
    },
  );
  return [
    `${measurements.length} runs of ${new Set(measurements.map(({ configuration }) => configuration)).size} configurations: median absolute error ${percent(medianError, 1)}, 90th percentile ${percent(p90Error, 1)}. Measured / predicted is between ${ratio.low.toFixed(2)} and ${ratio.high.toFixed(2)} in 80 % of the runs.`,
    '',
    '| configuration | run (input/output tokens, or submission) | published | predicted | error |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '| left out | why |',
    '|---|---|',
    ...outOfScope.map(({ label, reason }) => `| ${label} | ${reason} |`),
  ].join('\n');
}

/** Page of docs/ -> the tables it holds between `<!-- name -->` and `<!-- /name -->`. */
export const REFERENCES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/errors.md': { errors: errorReference },
  'docs/config.md': { config: configReference },
  'docs/faults.md': { faults: faultReference },
  'docs/capabilities.md': {
    protocols: protocolReference,
    chat: () => capabilityReference('chat'),
    responses: () => capabilityReference('responses'),
    messages: () => capabilityReference('messages'),
    own: ownApiReference,
  },
  'docs/pass-through.md': { operations: operationReference },
  'docs/advise.md': { questions: questionReference, constraints: constraintReference, rules: ruleReference },
  'docs/providers.md': { providers: providerReference },
  'docs/capacity.md': { calibration: calibrationReference },
};

/** The page with its tables made anew. Throws when a marker is missing. */
export function refresh(page: string): string {
  let text = readFileSync(join(root, page), 'utf8');
  for (const [name, make] of Object.entries(REFERENCES[page] ?? {})) {
    const [before, rest] = text.split(`<!-- ${name} -->\n`);
    const [, after] = (rest ?? '').split(`<!-- /${name} -->`);
    if (before === undefined || after === undefined) throw new Error(`${page} has no place for ${name}`);
    text = `${before}<!-- ${name} -->\n${make()}\n<!-- /${name} -->${after}`;
  }
  return text;
}

if (import.meta.main) {
  for (const page of Object.keys(REFERENCES)) writeFileSync(join(root, page), refresh(page));
}
