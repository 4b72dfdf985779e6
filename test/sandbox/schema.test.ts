import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matching } from '../../src/providers/sandbox/vendor/schema-string.ts';
import { fillSchema } from '../../src/providers/sandbox/vendor/schema-value.ts';

type Schema = Record<string, unknown>;

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const text =
  'I am Mira Holt (mira@example.org). On 2026-03-04 I was charged $12.50 twice in Lisbon, order #48213.';
const context = {
  text,
  choose: (labels: readonly { name: string }[]) => labels.map(({ name }) => ({ label: name, score: 1 })),
};

function fillValid(schema: Schema): unknown {
  const value = fillSchema(schema, context);
  const validate = ajv.compile(schema);
  if (!validate(value)) throw new Error(`${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`);
  return value;
}

test('finds what the properties name in the text', () => {
  const property = { type: 'string' };
  const properties = {
    email: property,
    name: property,
    date: property,
    amount: property,
    order_id: property,
    city: property,
  };
  expect(fillValid({ type: 'object', properties, required: Object.keys(properties) })).toEqual({
    email: 'mira@example.org',
    name: 'Mira Holt',
    date: '2026-03-04',
    amount: '$12.50',
    order_id: '#48213',
    city: 'Lisbon',
  });
});

describe('is valid against', () => {
  const cases: Record<string, Schema> = {
    'every format': {
      type: 'array',
      prefixItems: [
        'date-time',
        'date',
        'time',
        'email',
        'uri',
        'uuid',
        'ipv4',
        'ipv6',
        'hostname',
        'duration',
      ].map((format) => ({ type: 'string', format })),
    },
    lengths: { type: 'string', minLength: 200, maxLength: 210 },
    'a pattern': { type: 'string', pattern: '^[A-Z]{2}-\\d{4}(?:-[a-f]+)?$' },
    'number bounds': { type: 'number', exclusiveMinimum: 3, maximum: 3.5 },
    'integers in steps': { type: 'integer', minimum: 7, maximum: 20, multipleOf: 5 },
    'const and null': {
      type: 'object',
      properties: { a: { const: 4 }, b: { type: 'null' } },
      required: ['a', 'b'],
    },
    'nullable types': { type: 'object', properties: { a: { type: ['string', 'null'] } }, required: ['a'] },
    'array bounds': { type: 'array', items: { type: 'string' }, minItems: 5, maxItems: 6 },
    'unique numbers': { type: 'array', items: { type: 'integer' }, minItems: 3, uniqueItems: true },
    'enum arrays': { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 2, uniqueItems: true },
    'closed objects': { type: 'object', properties: { a: { type: 'boolean' } }, additionalProperties: false },
    'anyOf of objects': {
      anyOf: [
        {
          type: 'object',
          properties: { kind: { const: 'x' }, n: { type: 'integer' } },
          required: ['kind', 'n'],
        },
        { type: 'object', properties: { kind: { const: 'y' } }, required: ['kind'] },
      ],
    },
    allOf: { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { required: ['a'] }] },
    references: {
      $defs: { step: { type: 'object', properties: { say: { type: 'string' } }, required: ['say'] } },
      type: 'object',
      properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' }, minItems: 2 } },
      required: ['steps'],
    },
    recursion: {
      $defs: {
        node: {
          type: 'object',
          properties: {
            value: { type: 'string' },
            next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
            children: { type: 'array', items: { $ref: '#/$defs/node' } },
          },
          required: ['value', 'next', 'children'],
          additionalProperties: false,
        },
      },
      $ref: '#/$defs/node',
    },
  };
  test.each(Object.entries(cases))('%s', (_, schema) => {
    fillValid(schema);
  });

  test('whatever schema of these parts', () => {
    const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.record({ type: fc.constant('string'), minLength: fc.nat(30) }),
        fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -50, max: 50 }) }),
        fc.record({ type: fc.constant('number'), maximum: fc.integer({ min: -50, max: 50 }) }),
        fc.constant({ type: 'boolean' }),
        fc.record({ enum: fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 5 }) }),
        fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc.dictionary(fc.string({ maxLength: 6 }), tie('schema'), { maxKeys: 4 }).map((properties) => ({
          type: 'object',
          properties,
          required: Object.keys(properties),
          additionalProperties: false,
        })),
      ),
    }));
    fc.assert(
      fc.property(schema, (built) => void fillValid(built)),
      { numRuns: 300 },
    );
  });
});

test.each(['^\\d{3}-[A-Z]+$', '^(foo|bar)_\\w{2,}$', '^[^a]x?\\.$', '^#[0-9a-fA-F]{6}$', '[\\p{L}]{4}'])(
  'a string that matches %s',
  (pattern) => {
    expect(matching(pattern)).toMatch(new RegExp(pattern, 'u'));
  },
);
