/** Validators of what the vendors' official SDKs say their APIs send; `scripts/vendor-schemas.ts` makes the schemas. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Roots as AnthropicRoots } from './schemas/anthropic.ts';
import type { Roots as OpenAiRoots } from './schemas/openai.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'schemas');

export type Vendor = 'openai' | 'anthropic';

interface Node {
  properties?: Record<string, Node>;
  required?: string[];
}

interface Schema {
  $comment: string;
  definitions: Record<string, Node>;
}

export function schemaOf(vendor: Vendor): Schema {
  return JSON.parse(readFileSync(join(folder, `${vendor}.json`), 'utf8')) as Schema;
}

/**
 * Where the SDKs' types are not what their vendors document. OpenAI's API sends members without a value as null (`"usage": null`
 * in https://platform.openai.com/docs/api-reference/responses-streaming, not opened for this), its types call them optional;
 * `output_text` is added by the SDK. Anthropic's types want `citations: null`, its documented answers leave it out
 * (https://platform.claude.com/docs/en/api/messages, not opened for this).
 */
function asDocumented(vendor: Vendor, schema: Schema): Schema {
  if (vendor === 'openai') allowNull(schema);
  for (const [name, member] of LEFT_OUT[vendor]) drop(schema.definitions[name], member);
  return schema;
}

const LEFT_OUT: Readonly<Record<Vendor, readonly (readonly [definition: string, member: string])[]>> = {
  openai: [['Response', 'output_text']],
  anthropic: [['TextBlock', 'citations']],
};

function drop(node: Node | undefined, member: string): void {
  if (!node?.required?.includes(member)) throw new Error(`the schema no longer wants ${member}`);
  node.required = node.required.filter((name) => name !== member);
}

function allowNull(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const { properties, required } = value as Node;
  for (const inner of Object.values(value)) allowNull(inner);
  for (const [name, schema] of Object.entries(properties ?? {}))
    if (properties && !required?.includes(name))
      properties[name] = { anyOf: [schema, { type: 'null' }] } as Node;
}

/** Finds what is wrong with a value of one of the roots; empty when nothing is. */
function createValidator<Root extends string>(vendor: Vendor) {
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(asDocumented(vendor, schemaOf(vendor)), vendor);
  const compiled = new Map<Root, ValidateFunction>();
  return (root: Root, value: unknown): string[] => {
    const validate =
      compiled.get(root) ?? ajv.compile({ $ref: `${vendor}#/definitions/Roots/properties/${root}` });
    compiled.set(root, validate);
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return errors.map(({ instancePath, message, params }) =>
      `${root}${instancePath} ${message ?? ''} ${JSON.stringify(params)}`.trim(),
    );
  };
}

export const faultsOfOpenAi = createValidator<keyof OpenAiRoots & string>('openai');
export const faultsOfAnthropic = createValidator<keyof AnthropicRoots & string>('anthropic');
