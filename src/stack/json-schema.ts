/** The published JSON Schema of a config, `schema.json` at the root. Run this file to write it again. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { stackSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of what people write, with descriptions and defaults. */
export function stackJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(stackSchema, { target: 'draft-2020-12', io: 'input' });
  const { $schema, description, ...rest } = schema;
  return { $schema, title: 'Trimtab stack', description, ...rest } as Record<string, unknown>;
}

/** The text of `schema.json`. */
export function stackJsonSchemaText(): string {
  return `${JSON.stringify(stackJsonSchema(), null, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../../schema.json', import.meta.url), stackJsonSchemaText());
}
