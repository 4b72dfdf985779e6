/** The profile as a file: what people write. `profile.schema.json` publishes it for editors. Unknown keys are errors. */
import { z } from 'zod';
import { QUANTITY_IDS } from '../economics/quantity.ts';
import type { Field } from './field.ts';
import { FACT_IDS, fieldOf } from './fields/index.ts';

const interval = z
  .strictObject({ low: z.number(), mid: z.number(), high: z.number() })
  .refine(({ low, mid, high }) => low <= mid && mid <= high, 'low, mid and high must ascend');
const day = z.iso.date().describe('ISO date it was said.');

function valueSchema(field: Field): z.ZodType {
  switch (field.kind) {
    case 'choice':
      return z.enum(Object.keys(field.options));
    case 'choices':
      return z.array(z.enum(Object.keys(field.options)));
    case 'flag':
      return z.boolean();
    case 'list':
      return z.array(z.string().min(1));
    case 'number': {
      const number = z.number().min(field.min).max(field.max);
      const spread = interval.refine(
        ({ low, high }) => low >= field.min && high <= field.max,
        `must lie within ${field.min} and ${field.max}`,
      );
      return z.union([number, spread]);
    }
  }
}

/** A value, or a value with who said it and when, or `null`: not known. */
function factSchema(field: Field): z.ZodType {
  const value = valueSchema(field);
  const signed = z.strictObject({ value, by: z.string().min(1).optional(), at: day.optional() });
  return z.union([value, signed]).nullable().optional().describe(`${field.question} ${field.why}`);
}

/** `work.kind` -> group `work`, name `kind`. */
function groupSchemas(): Record<string, z.ZodType> {
  const groups: Record<string, Record<string, z.ZodType>> = {};
  for (const id of FACT_IDS) {
    const [group, name] = id.split('.') as [string, string];
    groups[group] = { ...groups[group], [name]: factSchema(fieldOf(id)) };
  }
  return Object.fromEntries(
    Object.entries(groups).map(([group, shape]) => [group, z.strictObject(shape).optional()]),
  );
}

export const profileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    task: z.string().min(1).max(100).describe('Name of the task.'),
    by: z.string().min(1).optional().describe('Who answers, for every answer that does not say so itself.'),
    at: day.optional(),
    ...groupSchemas(),
    assumptions: z
      .partialRecord(z.enum(QUANTITY_IDS as [string, ...string[]]), z.union([z.number(), interval]))
      .optional()
      .describe(
        'Numbers of the economics, by their name (docs/economics.md): a number, or low, mid and high.',
      ),
  })
  .describe('What is known of one task. Leave out what you do not know.');

/** The text of `profile.schema.json`. */
export function profileJsonSchemaText(): string {
  const { $schema, description, ...rest } = z.toJSONSchema(profileSchema, {
    target: 'draft-2020-12',
    io: 'input',
  });
  return `${JSON.stringify({ $schema, title: 'Trimtab profile', description, ...rest }, null, 2)}\n`;
}
