/**
 * What the stand-in vendors of the client suites say, whatever wire protocol they say it in: a pure function of what
 * they were asked. Each wire (`vendor-*.ts`) reads its own requests into {@link Asked} and writes {@link Said}.
 */
export interface Asked {
  /** Text of the last thing said by the user. */
  question: string;
  tools: readonly { name: string; schema: JsonSchema }[];
  /** The model must call a tool: any, or the one named. */
  mustCall: true | string | null;
  /** Results of tools the conversation ends with. */
  results: readonly string[];
  /** The schema the answer must have; `true`: any JSON. */
  schema: JsonSchema | true | null;
  reasons: boolean;
  choices: number;
}

export interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
}

export interface Said {
  thought: string | null;
  text: string;
  calls: readonly { id: string; name: string; arguments: string }[];
  refusal: string | null;
  finish: 'stop' | 'tool_calls' | 'length' | 'refusal';
}

export const WORDS = ['The', ' quick', ' brown', ' fox', '.'];
export const TEXT = WORDS.join('');
export const THOUGHT = 'A fox comes to mind.';
export const REFUSAL = 'I cannot help with that.';
export const SCRIPT_USAGE = { input: 1000, output: 200 };
/** What every text is embedded as. */
export const VECTOR = [0.25, -0.5, 1];
export const CITIES = ['Paris', 'Oslo'];

export function answer(asked: Asked): Said {
  const thought = asked.reasons ? THOUGHT : null;
  const plain: Said = { thought, text: '', calls: [], refusal: null, finish: 'stop' };
  if (asked.question.includes('refuse')) return { ...plain, refusal: REFUSAL, finish: 'refusal' };
  if (asked.results.length > 0) return { ...plain, text: `It is ${asked.results.join(' and ')}.` };
  const tool =
    typeof asked.mustCall === 'string'
      ? asked.tools.find(({ name }) => name === asked.mustCall)
      : asked.tools[0];
  if (tool && (asked.mustCall !== null || asked.question.includes('weather'))) {
    const cities = CITIES.filter((city, index) => index === 0 || asked.question.includes(city));
    const calls = cities.map((city, index) => ({
      id: `call_${index + 1}`,
      name: tool.name,
      arguments: JSON.stringify(fill(tool.schema, city)),
    }));
    return { ...plain, calls, finish: 'tool_calls' };
  }
  if (asked.schema !== null) {
    const schema = asked.schema === true ? CITY : asked.schema;
    return { ...plain, text: JSON.stringify(fill(schema, CITIES[0] ?? '')) };
  }
  return { ...plain, text: TEXT, finish: asked.question.includes('at length') ? 'length' : 'stop' };
}

const CITY: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' } },
};

/** A value of a schema; texts are the city. */
function fill(schema: JsonSchema, city: string): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf?.[0]) return fill(schema.anyOf[0], city);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([name, inner]) => [name, fill(inner, city)]));
  }
  if (type === 'array') return [fill(schema.items ?? { type: 'string' }, city)];
  if (type === 'number' || type === 'integer') return 21;
  return type === 'boolean' ? true : city;
}

/** A text in pieces, as streams bring it. */
export function pieces(text: string, size = 7): string[] {
  const parts = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
  return [...parts];
}
