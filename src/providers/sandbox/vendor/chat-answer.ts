/** What a simulated model says to a request: text or tool calls, cut to tokens, with usage. */
import type { ChatRequest, ModelName, Tool } from './chat-request.ts';
import type { Classifier, Label } from './classify.ts';
import { createLargeClassifier, createSmallClassifier } from './classify.ts';
import { draft, topics } from './draft.ts';
import type { Prompt } from './prompt.ts';
import { createLabelFinder, readExamples, readLabels, readPrompt } from './prompt.ts';
import type { FillContext } from './schema-value.ts';
import { fillSchema, jsonAnswer } from './schema-value.ts';
import { hash32 } from './text.ts';
import { countPromptTokens, tokenize } from './tokens.ts';
import { VendorError } from './vendor-error.ts';

export interface ChatAnswer {
  choices: Choice[];
  promptTokens: number;
  completionTokens: number;
}

export interface Choice {
  /** Text, token by token. */
  text: string[];
  toolCalls: { id: string; name: string; arguments: string[] }[];
  finishReason: 'stop' | 'length' | 'tool_calls';
}

const CONTEXT_TOKENS = { small: 32_768, large: 131_072 };

/**
 * The same request gets the same answer, plain or streamed. `outputTokens` makes the text exactly that long. Throws
 * VendorError(400) when the prompt is longer than the model's context.
 */
export function answerChat(request: ChatRequest, outputTokens: number | null): ChatAnswer {
  const promptTokens = countPromptTokens(request);
  requireContext(request.model, promptTokens);
  const prompt = readPrompt(request.messages);
  const choices = Array.from({ length: request.n }, (_, index) => answerOne(request, prompt, index));
  const limited = choices.map((choice) => limit(lengthen(choice, outputTokens), request));
  return {
    choices: limited,
    promptTokens,
    completionTokens: limited.reduce((sum, choice) => sum + countChoice(choice), 0),
  };
}

function requireContext(model: ModelName, tokens: number): void {
  const most = CONTEXT_TOKENS[model];
  if (tokens <= most) return;
  throw new VendorError(
    400,
    `This model's maximum context length is ${most} tokens; your messages are ${tokens}.`,
    { param: 'messages', code: 'context_length_exceeded' },
  );
}

function answerOne(request: ChatRequest, prompt: Prompt, index: number): Choice {
  const context = createContext(request, prompt);
  const calls = toolsToCall(request, prompt).map((tool, at) => ({
    id: `call_${hash32(`${index} ${at} ${tool.name} ${prompt.asked}`).toString(36).padStart(8, '0')}`,
    name: tool.name,
    arguments: tokenize(JSON.stringify(fillSchema(tool.parameters, context))),
  }));
  if (calls.length > 0) return { text: [], toolCalls: calls, finishReason: 'tool_calls' };
  const text = answerText(request, { prompt, context, index });
  return { text: tokenize(text), toolCalls: [], finishReason: 'stop' };
}

function answerText(
  request: ChatRequest,
  { prompt, context, index }: { prompt: Prompt; context: FillContext; index: number },
): string {
  if (request.format.kind === 'schema') return JSON.stringify(fillSchema(request.format.schema, context));
  const results = toolResults(request);
  if (results !== null) return results;
  const labels = readLabels(prompt);
  if (labels.length > 1) {
    const label = context.choose(labels)[0]?.label ?? '';
    return request.format.kind === 'json'
      ? labelAsJson(label, prompt)
      : inFormOfExamples(label, labels, prompt);
  }
  if (request.format.kind === 'json') return JSON.stringify(jsonAnswer(prompt.text));
  const images = request.messages.reduce((sum, message) => sum + message.images, 0);
  return draft({ prompt, model: request.model, seed: hash32(prompt.asked, request.seed + index), images });
}

/** Classifiers of recent prompts: few-shot prompts repeat for every text, and building one takes some 20 ms. */
const classifiers = new Map<string, Classifier>();
const MAX_CLASSIFIERS = 16;

function createContext(request: ChatRequest, prompt: Prompt): FillContext {
  const create = request.model === 'large' ? createLargeClassifier : createSmallClassifier;
  return {
    text: prompt.text,
    choose(labels: readonly Label[]) {
      const examples = readExamples(prompt, labels);
      const key = JSON.stringify([request.model, labels, examples]);
      const classify = classifiers.get(key) ?? create(labels, examples);
      classifiers.delete(key);
      classifiers.set(key, classify);
      const [oldest] = classifiers.keys();
      if (classifiers.size > MAX_CLASSIFIERS && oldest !== undefined) classifiers.delete(oldest);
      return classify(prompt.text);
    },
  };
}

function labelAsJson(label: string, prompt: Prompt): string {
  const member = /\{\s*["']?(\w+)["']?\s*:/.exec(`${prompt.instruction}\n${prompt.asked}`)?.[1] ?? 'label';
  return JSON.stringify({ [member]: label });
}

/** The label the way the last example answered: alone, or with the words that stood around it there. */
function inFormOfExamples(label: string, labels: readonly Label[], prompt: Prompt): string {
  const last = prompt.turns.at(-1)?.answer.trim();
  const shown = last === undefined ? null : createLabelFinder(labels)(last);
  if (last === undefined || shown === null || !last.includes(shown)) return label;
  return last.replace(shown, () => label);
}

/** Tools a request wants called: the forced one, or those whose name and description share words with the text. */
function toolsToCall(request: ChatRequest, prompt: Prompt): Tool[] {
  const { toolChoice, tools } = request;
  if (toolChoice === 'none' || tools.length === 0) return [];
  if (typeof toolChoice === 'object') return tools.filter((tool) => tool.name === toolChoice.name);
  const asked = new Set(topics(prompt.text));
  const ranked = tools
    .map((tool) => ({ tool, score: toolScore(tool, asked) }))
    .sort((a, b) => b.score - a.score);
  if (toolChoice === 'required') return ranked.slice(0, 1).map(({ tool }) => tool);
  if (request.messages.at(-1)?.role !== 'user') return [];
  const fitting = ranked.filter(({ score }) => score >= 2).map(({ tool }) => tool);
  return request.parallelToolCalls ? fitting : fitting.slice(0, 1);
}

/** Shared words; one in the name counts double. */
function toolScore(tool: Tool, asked: ReadonlySet<string>): number {
  const name = new Set(topics(tool.name.replace(/[_-]+/g, ' ').replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')));
  const description = new Set(topics(tool.description));
  let score = 0;
  for (const topic of asked) score += name.has(topic) ? 2 : description.has(topic) ? 1 : 0;
  return score;
}

/** An answer from the tool results at the end of the conversation; `null` when there are none. */
function toolResults(request: ChatRequest): string | null {
  const last = request.messages.findLastIndex((message) => message.role !== 'tool');
  const results = request.messages.slice(last + 1);
  if (results.length === 0) return null;
  const names = new Map(
    request.messages.flatMap((m) => m.toolCalls.map((call) => [call.id, call.name] as const)),
  );
  const lines = results.map(
    (result) => `${names.get(result.toolCallId ?? '') ?? 'tool'}: ${spell(result.text)}`,
  );
  return `Here is what I found. ${lines.join('; ')}.`;
}

/** `{"temp": 21}` as `temp 21`. */
function spell(text: string): string {
  return text
    .replace(/[{}[\]"]/g, '')
    .replace(/:\s*/g, ' ')
    .replace(/,\s*/g, ', ')
    .trim();
}

function lengthen(choice: Choice, outputTokens: number | null): Choice {
  if (outputTokens === null || choice.toolCalls.length > 0) return choice;
  const source = choice.text.length > 0 ? choice.text : [' ok'];
  return {
    ...choice,
    text: Array.from({ length: outputTokens }, (_, at) => source[at % source.length] ?? ''),
  };
}

/** Applies `stop`, then `max_tokens`. */
function limit(choice: Choice, { stop, maxTokens }: ChatRequest): Choice {
  let text = choice.text;
  if (stop.length > 0) {
    const whole = text.join('');
    const cut = Math.min(...stop.map((sign) => whole.indexOf(sign)).filter((at) => at >= 0), whole.length);
    if (cut < whole.length) text = tokenize(whole.slice(0, cut));
  }
  if (maxTokens === null || countChoice({ ...choice, text }) <= maxTokens) return { ...choice, text };
  let left = maxTokens;
  const toolCalls = choice.toolCalls.flatMap((call) => {
    const kept = call.arguments.slice(0, Math.max(0, left - tokenize(call.name).length));
    const fits = left > 0;
    left -= kept.length + tokenize(call.name).length;
    return fits ? [{ ...call, arguments: kept }] : [];
  });
  return { text: text.slice(0, maxTokens), toolCalls, finishReason: 'length' };
}

function countChoice(choice: Choice): number {
  const calls = choice.toolCalls.reduce(
    (sum, call) => sum + tokenize(call.name).length + call.arguments.length,
    0,
  );
  return choice.text.length + calls;
}
