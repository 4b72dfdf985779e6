/** A chat request as call options of the AI SDK. What the vendor cannot carry is refused by name. */
import type {
  JSONSchema7,
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { Feature } from '../features.ts';
import { asArray, asObject, asString, isObject, type JsonObject } from '../json.ts';
import { type Carrier, toPrompt } from './prompt.ts';
import { invalidField, uncarried } from './uncarried.ts';

export interface Translation extends Carrier {
  /** Provider options for a reasoning effort; `null`: this model takes none. */
  reasoning: (effort: string, model: string) => JsonObject | null;
}

/** Throws TrimtabError(unsupported_parameter | invalid_request) naming the field. */
export function toCallOptions(body: JsonObject, to: Translation): LanguageModelV3CallOptions {
  refuseUncarried(body, to);
  const given = present({
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    stopSequences: carries('stop', body, to) ? toList(body.stop) : undefined,
    seed: carries('seed', body, to) ? body.seed : undefined,
    tools: toTools(body, to),
    toolChoice: toToolChoice(body.tool_choice, to),
    responseFormat: toResponseFormat(body.response_format, to),
    providerOptions: toProviderOptions(body, to),
  });
  return { prompt: toPrompt(asArray(body.messages), to), ...given };
}

/** Carried, or of no effect on the answer: the user and the tags are in our records, a cache key is a hint. */
const CARRIED = new Set(
  'model messages stream stream_options max_tokens max_completion_tokens temperature top_p top_k frequency_penalty presence_penalty stop seed tools tool_choice response_format reasoning_effort user safety_identifier metadata prompt_cache_key'.split(
    ' ',
  ),
);

/** Values that ask for what every vendor does anyway. */
const NO_OPS: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  parallel_tool_calls: (value) => value === true,
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  service_tier: (value) => value === 'auto',
  store: (value) => value === false,
  functions: (value) => Array.isArray(value) && value.length === 0,
};

function refuseUncarried(body: JsonObject, { vendor }: Translation): void {
  for (const [name, value] of Object.entries(body)) {
    if (CARRIED.has(name) || isAbsent(value) || NO_OPS[name]?.(value)) continue;
    throw uncarried(vendor, name);
  }
}

/** Whether a parameter of the feature's own name goes out. */
function carries(name: Feature & string, body: JsonObject, { features, vendor }: Translation): boolean {
  if (isAbsent(body[name]) || features[name] !== false) return true;
  throw uncarried(vendor, name);
}

function toTools(body: JsonObject, to: Translation): LanguageModelV3FunctionTool[] | undefined {
  const tools = asArray(body.tools);
  if (tools.length === 0) return undefined;
  if (to.features.tools === false) throw uncarried(to.vendor, 'tools');
  return tools.map((value, i) => {
    const tool = asObject(value) ?? {};
    const at = `tools[${i}]`;
    if (tool.type !== 'function') throw uncarried(to.vendor, `${at}.type`);
    const { name, description, parameters, strict } = asObject(tool.function) ?? {};
    if (typeof name !== 'string') throw invalidField(`${at}.function.name`, 'a string');
    return {
      type: 'function',
      name,
      inputSchema: (parameters ?? { type: 'object', properties: {} }) as JSONSchema7,
      ...(typeof description === 'string' && { description }),
      ...(strict === true && { strict: true }),
    };
  });
}

function toToolChoice(choice: unknown, { vendor }: Translation): LanguageModelV3CallOptions['toolChoice'] {
  if (isAbsent(choice)) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice };
  const name = asString(asObject(asObject(choice)?.function)?.name);
  if (name === undefined) throw uncarried(vendor, 'tool_choice');
  return { type: 'tool', toolName: name };
}

function toResponseFormat(
  format: unknown,
  { vendor, features }: Translation,
): LanguageModelV3CallOptions['responseFormat'] {
  const { type = 'text', json_schema: asked } = asObject(format) ?? {};
  if (type === 'text') return undefined;
  if (type === 'json_object' && features.jsonMode !== false) return { type: 'json' };
  if (type !== 'json_schema' || features.jsonSchema === false) throw uncarried(vendor, 'response_format');
  const { schema, name, description } = asObject(asked) ?? {};
  if (!isObject(schema)) throw invalidField('response_format.json_schema.schema', 'a JSON Schema object');
  return {
    type: 'json',
    schema: schema as JSONSchema7,
    ...(typeof name === 'string' && { name }),
    ...(typeof description === 'string' && { description }),
  };
}

function toProviderOptions(body: JsonObject, to: Translation): SharedV3ProviderOptions | undefined {
  const effort = body.reasoning_effort;
  if (isAbsent(effort)) return undefined;
  if (typeof effort !== 'string') throw invalidField('reasoning_effort', 'a string');
  const options = to.features.reasoning === false ? null : to.reasoning(effort, to.model);
  if (options) return { [to.optionsName]: options } as SharedV3ProviderOptions;
  throw uncarried(to.vendor, 'reasoning_effort');
}

/** What the package itself says it leaves out, in the names of the chat protocol. */
const WARNED: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  stopSequences: 'stop',
  seed: 'seed',
  strict: 'tools.function.strict',
  responseFormat: 'response_format',
  maxOutputTokens: 'max_tokens',
  reasoning: 'reasoning_effort',
  budgetTokens: 'reasoning_effort',
};

/** Refuses what a package warns it cannot carry. Throws unsupported_parameter. */
export function refuseWarned(features: readonly string[], { vendor }: Translation): void {
  for (const feature of features) {
    const name = Object.hasOwn(WARNED, feature) ? WARNED[feature] : undefined;
    throw uncarried(vendor, name ?? feature);
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function toList(stop: unknown): unknown {
  return typeof stop === 'string' ? [stop] : stop;
}

function present(object: JsonObject): Partial<LanguageModelV3CallOptions> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isAbsent(value)));
}
