/**
 * Fills a JSON schema with a value that is valid against it and says something about the text: enums by comparing the
 * text with their values, numbers and names found in the text, sentences of it for descriptions.
 */
import type { JsonSchema } from './chat-request.ts';
import { isRecord } from './chat-request.ts';
import type { Label, Ranked } from './classify.ts';
import { sentences, summarize, topics } from './draft.ts';
import { stringFor } from './schema-string.ts';
import { likeStem, stem, words } from './text.ts';

export interface FillContext {
  /** The text the value is about. */
  text: string;
  /** Ranks labels for the text, with the prompt's examples. */
  choose(labels: readonly Label[]): Ranked[];
}

/** Where in the schema we are. */
interface Place {
  root: JsonSchema;
  context: FillContext;
  /** Property names from the root. */
  path: readonly string[];
}

/** Below this many properties only what is required is filled, so that recursive schemas end. */
const MAX_DEPTH = 4;
const MAX_REFERENCES = 32;

export function fillSchema(schema: JsonSchema, context: FillContext): unknown {
  return fill(schema, { root: schema, context, path: [] });
}

function fill(given: unknown, place: Place): unknown {
  const schema = resolve(given, place);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return chooseFrom(schema.enum, place);
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) return fill(chooseBranch(branches, place), place);
  switch (typeOf(schema, place)) {
    case 'null':
      return null;
    case 'object':
      return fillObject(schema, place);
    case 'array':
      return fillArray(schema, place);
    case 'boolean':
      return isTrue(schema, place);
    case 'integer':
    case 'number':
      return fillNumber(schema, place);
    default:
      return stringFor(schema, nameOf(place), place.context.text);
  }
}

/** Follows `$ref` inside the schema and merges `allOf`. */
function resolve(given: unknown, place: Place): JsonSchema {
  let schema: JsonSchema = isRecord(given) ? given : {};
  for (let hops = 0; typeof schema.$ref === 'string' && hops < MAX_REFERENCES; hops++) {
    const { $ref, ...rest } = schema;
    schema = { ...lookUp(place.root, String($ref)), ...rest };
  }
  if (!Array.isArray(schema.allOf)) return schema;
  const { allOf, ...rest } = schema;
  return (allOf as unknown[]).map((part) => resolve(part, place)).reduce(merge, rest);
}

function lookUp(root: JsonSchema, reference: string): JsonSchema {
  let at: unknown = root;
  for (const part of reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((name) => name !== '')) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isRecord(at) ? at[name] : Array.isArray(at) ? at[Number(name)] : undefined;
  }
  return isRecord(at) ? at : {};
}

function merge(a: JsonSchema, b: JsonSchema): JsonSchema {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const object = (value: unknown): JsonSchema => (isRecord(value) ? value : {});
  return {
    ...a,
    ...b,
    ...(a.properties || b.properties
      ? { properties: { ...object(a.properties), ...object(b.properties) } }
      : {}),
    ...(a.required || b.required ? { required: [...list(a.required), ...list(b.required)] } : {}),
  };
}

function typeOf(schema: JsonSchema, place: Place): string {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) {
    const deep = place.path.length > MAX_DEPTH && type.includes('null');
    return String((deep ? 'null' : type.find((item) => item !== 'null')) ?? 'null');
  }
  if (schema.properties || schema.required) return 'object';
  if (schema.items || schema.prefixItems) return 'array';
  if (schema.minimum !== undefined || schema.maximum !== undefined) return 'number';
  return 'string';
}

function chooseFrom(values: readonly unknown[], place: Place): unknown {
  const names = values.filter((value) => typeof value === 'string');
  if (names.length < 2) return names[0] ?? values[0] ?? null;
  return place.context.choose(names.map((name) => ({ name, description: '' })))[0]?.label ?? names[0];
}

function chooseBranch(branches: readonly unknown[], place: Place): unknown {
  const resolved = branches.map((branch) => resolve(branch, place));
  if (place.path.length > MAX_DEPTH) {
    const simplest = resolved.find((branch) => branch.type === 'null' || isScalar(branch));
    if (simplest) return simplest;
  }
  const full = resolved.filter((branch) => branch.type !== 'null');
  if (full.length < 2) return full[0] ?? resolved[0];
  const labels = full.map((branch, index) => ({ name: `${index}`, description: describe(branch) }));
  return full[Number(place.context.choose(labels)[0]?.label ?? 0)];
}

function isScalar(schema: JsonSchema): boolean {
  return typeof schema.type === 'string' && !['object', 'array'].includes(schema.type);
}

/** What a schema says about itself, for comparing with the text. */
function describe(schema: JsonSchema): string {
  const own = [schema.title, schema.description].filter((part) => typeof part === 'string');
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const constants = Object.values(properties).map((value) =>
    isRecord(value) ? String(value.const ?? '') : '',
  );
  return [...own, ...constants, ...Object.keys(properties)].join(' ');
}

function fillObject(schema: JsonSchema, place: Place): Record<string, unknown> {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  const deep = place.path.length >= MAX_DEPTH;
  const value: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(properties), ...required])) {
    if (deep && !required.has(name)) continue;
    const next = { ...place, path: [...place.path, name] };
    Object.defineProperty(value, name, {
      value: fill(properties[name], next),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return value;
}

function fillArray(schema: JsonSchema, place: Place): unknown[] {
  const least = Number(schema.minItems ?? 0);
  const most = Number(schema.maxItems ?? Number.POSITIVE_INFINITY);
  if (Array.isArray(schema.prefixItems)) return schema.prefixItems.map((item) => fill(item, place));
  const items = resolve(schema.items, place);
  if (place.path.length > MAX_DEPTH && least === 0) return [];
  const clamp = (wanted: number): number => Math.max(least, Math.min(most, wanted));
  if (Array.isArray(items.enum)) {
    const chosen = chooseSeveral(items.enum, clamp, place);
    return Array.from({ length: Math.max(least, chosen.length) }, (_, at) => chosen[at % chosen.length]);
  }
  if (isPlainString(items)) return fillStrings(items, clamp, place);
  const count = clamp(1);
  const unique = schema.uniqueItems === true;
  return Array.from({ length: count }, (_, index) => {
    const item = fill(items, place);
    if (!unique || index === 0) return item;
    return typeof item === 'number' ? item + index : typeof item === 'string' ? `${item} ${index + 1}` : item;
  });
}

/** Every enum value nearly as near to the text as the nearest. */
function chooseSeveral(values: readonly unknown[], clamp: (n: number) => number, place: Place): unknown[] {
  const names = values.filter((value) => typeof value === 'string');
  if (names.length === 0) return values.slice(0, clamp(1));
  const ranked = place.context.choose(names.map((name) => ({ name, description: '' })));
  const best = ranked[0]?.score ?? 0;
  const near = ranked.filter(({ score }) => score > 0 && score >= best * 0.8).length;
  return ranked.slice(0, clamp(Math.min(3, Math.max(1, near)))).map(({ label }) => label);
}

function fillStrings(items: JsonSchema, clamp: (n: number) => number, place: Place): string[] {
  const long = /point|sentence|step|action|fact|reason|question/i.test(nameOf(place));
  const found = long ? sentences(place.context.text) : [...new Set(topics(place.context.text))];
  const count = clamp(Math.min(3, Math.max(1, found.length)));
  return Array.from({ length: count }, (_, index) => {
    const source = found[index] ?? `item ${index + 1}`;
    const { minLength, maxLength } = items;
    const padded = source.padEnd(Number(minLength ?? 0), '.');
    return maxLength === undefined ? padded : padded.slice(0, Number(maxLength));
  });
}

function isPlainString(schema: JsonSchema): boolean {
  const { type, pattern, format } = schema;
  return type === 'string' && pattern === undefined && format === undefined && !('const' in schema);
}

/** True when the text shares words with the property's name or description, and does not deny them. */
function isTrue(schema: JsonSchema, place: Place): boolean {
  const about = new Set(topics(`${nameOf(place).replace(/_/g, ' ')} ${String(schema.description ?? '')}`));
  const text = words(place.context.text).map((word) => likeStem(stem(word)));
  return text.some((word) => about.has(word));
}

function fillNumber(schema: JsonSchema, place: Place): number {
  const step = Number(schema.multipleOf ?? (schema.type === 'integer' ? 1 : 0));
  const unit = step || (schema.type === 'integer' ? 1 : 1e-3);
  const above = schema.exclusiveMinimum === undefined ? undefined : Number(schema.exclusiveMinimum) + unit;
  const below = schema.exclusiveMaximum === undefined ? undefined : Number(schema.exclusiveMaximum) - unit;
  const least = Math.max(
    Number(schema.minimum ?? Number.NEGATIVE_INFINITY),
    above ?? Number.NEGATIVE_INFINITY,
  );
  const most = Math.min(
    Number(schema.maximum ?? Number.POSITIVE_INFINITY),
    below ?? Number.POSITIVE_INFINITY,
  );
  const inRange = (value: number): boolean => value >= least && value <= most;
  const fraction =
    /confidence|score|probability|certainty/i.test(nameOf(place)) && inRange(0.87) ? 0.87 : undefined;
  const found = (place.context.text.match(/-?\d+(?:[.,]\d+)?/g) ?? [])
    .map((number) => Number(number.replace(',', '.')))
    .find(inRange);
  const start =
    fraction ?? found ?? (inRange(1) ? 1 : Number.isFinite(least) ? least : Number.isFinite(most) ? most : 0);
  if (step === 0) return start;
  const snapped = Math.round(start / step) * step;
  if (inRange(snapped)) return snapped;
  return snapped < least ? Math.ceil(least / step) * step : Math.floor(most / step) * step;
}

function nameOf(place: Place): string {
  return place.path.at(-1) ?? '';
}

/** Shortest useful summary of a text, for free-form JSON answers. */
export function jsonAnswer(text: string): Record<string, unknown> {
  return { answer: summarize(text, 1), topics: [...new Set(topics(text))].slice(0, 5) };
}
