/**
 * Reads what a prompt asks for: the text in question, the labels it lists, and the examples it shows. Understands the
 * usual forms: labels as a comma list, lines, a JSON array or tags; examples as earlier user/assistant turns, as
 * `text -> label` lines, or as `Text: ...` / `Label: ...` pairs.
 */
import type { ChatMessage } from './chat-request.ts';
import type { Example, Label } from './classify.ts';

export interface Prompt {
  /** System and developer messages. */
  instruction: string;
  /** The last user message, whole. */
  asked: string;
  /** The part of it that is the text in question. */
  text: string;
  /** Earlier user messages with the answers that followed. */
  turns: { text: string; answer: string }[];
}

export function readPrompt(messages: readonly ChatMessage[]): Prompt {
  const instruction = messages
    .filter((message) => message.role === 'system' || message.role === 'developer')
    .map((message) => message.text)
    .join('\n');
  const asked = messages.findLast((message) => message.role === 'user')?.text ?? '';
  const turns: Prompt['turns'] = [];
  messages.forEach((message, index) => {
    const next = messages[index + 1];
    if (message.role === 'user' && next?.role === 'assistant' && next.text !== '') {
      turns.push({ text: textInQuestion(message.text), answer: next.text });
    }
  });
  return { instruction, asked, text: textInQuestion(asked), turns };
}

const TEXT_KEY =
  'text|message|input|query|utterance|review|question|customer(?: message)?|user|sentence|tweet|email|ticket';
const LABEL_KEY = 'label|intent|category|class|output|answer|sentiment|topic';
const PAIR = new RegExp(
  `(?:^|\\n)[ \\t#*-]*(?:example \\d+[:.]?\\s*)?(?:${TEXT_KEY})(?: \\d+)?:[ \\t]*([^\\n]+)\\n[ \\t]*(?:${LABEL_KEY})(?: \\d+)?:[ \\t]*([^\\n]+)`,
  'gi',
);
const LAST_TEXT = new RegExp(
  `(?:^|\\n)[ \\t#*-]*(?:${TEXT_KEY})(?: to classify)?:[ \\t]*((?:(?!\\n[ \\t#*-]*(?:${TEXT_KEY}):)[\\s\\S])+?)(?:\\n[ \\t]*(?:${LABEL_KEY}):?[ \\t]*)?$`,
  'i',
);
const ARROW =
  /^[ \t]*(?:[-*•]|\d+[.)])?[ \t]*["“']?(.+?)["”']?[ \t]*(?:->|=>|→|\t|\|)[ \t]*["“'`]?([^"”'`\n]+?)["”'`]?[ \t]*$/gm;
const OPEN_ARROW = /(?:^|\n)[ \t]*["“']?([^\n]+?)["”']?[ \t]*(?:->|=>|→)[ \t]*$/;
const TEXT_TAGS = ['text', 'message', 'input', 'query', 'review', 'ticket', 'email', 'document', 'article'];
/** `Is this spam or not? "the text"` */
const QUOTED = /^[^"“]{10,400}\?\s*["“]([^"”]{10,})["”]\s*$/;
const FENCED = /(?:"""|```)(?:\w*\n)?([\s\S]+?)(?:"""|```)/;

/** The part of a message that is the text to work on, without the instruction around it. */
function textInQuestion(message: string): string {
  const trimmed = message.trim();
  const found =
    tagged(trimmed) ??
    OPEN_ARROW.exec(trimmed)?.[1] ??
    lastText(trimmed) ??
    FENCED.exec(trimmed)?.[1] ??
    QUOTED.exec(trimmed)?.[1] ??
    afterLabels(trimmed);
  if (found !== undefined) return found.trim().replace(/^["“]([\s\S]*)["”]$/, '$1');
  const paragraphs = trimmed.split(/\n\s*\n/);
  const last = paragraphs.at(-1) ?? trimmed;
  return paragraphs.length > 1 && isInstruction(paragraphs[0] ?? '') ? last : trimmed;
}

/** What the last `<text>...</text>` or its like holds. */
function tagged(message: string): string | undefined {
  for (const tag of TEXT_TAGS) {
    const end = message.lastIndexOf(`</${tag}>`);
    const start = end < 0 ? -1 : message.lastIndexOf(`<${tag}>`, end);
    if (start >= 0) return message.slice(start + tag.length + 2, end);
  }
  return undefined;
}

/** `Classify as a, b or c: the text`. */
function afterLabels(message: string): string | undefined {
  const [, head = '', rest] = /^([^:\n]{8,400}):\s+(\S[\s\S]*)$/.exec(message) ?? [];
  return ASKS_FOR_LABEL.test(head) && listedLabels(head).length > 1 ? rest : undefined;
}

/** The last `Text: ...` of a message, unless a label already follows it. */
function lastText(message: string): string | undefined {
  const starts = [
    ...message.matchAll(new RegExp(`(?:^|\\n)[ \\t#*-]*(?:${TEXT_KEY})(?: to classify)?:`, 'gi')),
  ];
  const start = starts.at(-1)?.index;
  return start === undefined ? undefined : LAST_TEXT.exec(message.slice(start))?.[1];
}

function isInstruction(text: string): boolean {
  return ASKS_FOR_LABEL.test(text) || /\b(summari[sz]e|translate|extract|write|draft|answer)\b/i.test(text);
}

const ASKS_FOR_LABEL =
  /\b(classif\w*|categori[sz]\w*|labell?(?:s|ed|ing)?|triage|intents?|sentiment|(?:which|exactly|only) (?:one )?of|one of|pick one|choose one)\b|\bis (?:this|it) .+ or .+\?|\b(?:options|labels|categories|classes) ?:/i;

/** Whether a prompt asks for one of several labels. */
function asksForLabel(prompt: Prompt): boolean {
  return (
    ASKS_FOR_LABEL.test(prompt.instruction) || ASKS_FOR_LABEL.test(prompt.asked.replace(prompt.text, ''))
  );
}

/** The labels a prompt wants one of: those it lists, else those its examples use. None: it wants something else. */
export function readLabels(prompt: Prompt): Label[] {
  const asks = asksForLabel(prompt);
  const sources = asks ? [prompt.instruction, withoutText(prompt)] : [];
  for (const source of sources) {
    const listed = listedLabels(source);
    if (listed.length > 1) return listed;
  }
  const shown = [
    ...prompt.turns.map((turn) => turn.answer),
    ...inlinePairs(prompt).map((pair) => pair.label),
  ].map((answer) => answer.trim());
  const isLabels = asks ? shown.some(isLabelLike) : shown.length >= MIN_EXAMPLES && shown.every(isShort);
  const names = new Set(shown.filter(isLabelLike));
  return isLabels && names.size > 1 ? toLabels([...names]) : [];
}

/** Examples that make a pattern where nothing asks for a label. */
const MIN_EXAMPLES = 2;

function isShort(answer: string): boolean {
  return isLabelLike(answer) && answer.split(/\s+/).length <= 2;
}

/** The examples a prompt shows for these labels, in order. */
export function readExamples(prompt: Prompt, labels: readonly Label[]): Example[] {
  const find = createLabelFinder(labels);
  const examples: Example[] = [];
  for (const turn of prompt.turns) {
    const label = find(turn.answer);
    if (label !== null) examples.push({ text: turn.text, label });
  }
  for (const pair of inlinePairs(prompt)) {
    const label = find(pair.label);
    if (label !== null) examples.push({ text: pair.text, label });
  }
  return examples;
}

/** Finds which label an example's answer means: the label itself, or the one it holds between word edges. */
export function createLabelFinder(labels: readonly Label[]): (answer: string) => string | null {
  const exact = new Map(labels.map((label) => [label.name.toLowerCase(), label.name]));
  const longestFirst = [...labels].sort((a, b) => b.name.length - a.name.length);
  return (answer) => {
    const bare = answer.trim().replace(/^["'`]+|["'`.]+$/g, '');
    const found = exact.get(bare.toLowerCase());
    if (found !== undefined) return found;
    if (answer.length > 400) return null;
    const lower = answer.toLowerCase();
    return longestFirst.find((label) => holdsWord(lower, label.name.toLowerCase()))?.name ?? null;
  };
}

function holdsWord(text: string, word: string): boolean {
  const at = text.indexOf(word);
  if (at < 0) return false;
  const edge = /[\p{L}\p{N}_]/u;
  return !edge.test(text[at - 1] ?? '') && !edge.test(text[at + word.length] ?? '');
}

function inlinePairs(prompt: Prompt): Example[] {
  const source = `${prompt.instruction}\n${prompt.asked}`;
  const pairs = [...source.matchAll(PAIR)].map((match) => ({ text: match[1] ?? '', label: match[2] ?? '' }));
  const arrows = [...source.matchAll(ARROW)].map((match) => ({
    text: match[1] ?? '',
    label: match[2] ?? '',
  }));
  return [...pairs, ...arrows].map(({ text, label }) => ({ text: text.trim(), label: label.trim() }));
}

function withoutText(prompt: Prompt): string {
  return prompt.asked === prompt.text ? prompt.asked : prompt.asked.replace(prompt.text, '');
}

const CUE =
  /\b(labels?|categor\w+|class(?:es)?|intents?|options|topics?|sentiments?|queues?|departments?|tags?|one of|either|choices)\b/i;
const TAGS = /<(labels|categories|classes|intents|options|topics)>([\s\S]+?)<\/\1>/i;
const ARRAY = /\[\s*(["'])[^\]\n]*?\1\s*(?:,\s*\1[^\]]*?\1\s*)+,?\s*\]/;
const BULLET = /^\s*(?:[-*•]|\d+[.)])\s+(.+)$/;
const INTO =
  /\b(?:into|as|either|one of|between|be|is this|is it)\s+((?:["'`]?[\w-]+(?: [\w-]+)?["'`]?,\s*)*["'`]?[\w-]+(?: [\w-]+)?["'`]?,?\s+(?:or|and)\s+["'`]?[\w-]+["'`]?)/i;

function listedLabels(text: string): Label[] {
  const tagged = TAGS.exec(text)?.[2];
  if (tagged !== undefined) return toLabels(tagged.includes('\n') ? tagged.split('\n') : tagged.split(','));
  const array = ARRAY.exec(text)?.[0];
  if (array !== undefined) return toLabels(array.slice(1, -1).split(/,(?=\s*["'])/));
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const [, head, rest] = /^([^:]*):\s*(.*)$/.exec(line) ?? [];
    if (head === undefined || rest === undefined || !CUE.test(head)) continue;
    const labels = rest === '' ? linesAfter(lines, index + 1) : toLabels(splitInline(rest));
    if (labels.length > 1) return labels;
  }
  const into = INTO.exec(text)?.[1];
  return into === undefined ? [] : toLabels(splitInline(into));
}

function linesAfter(lines: readonly string[], start: number): Label[] {
  const from = lines[start]?.trim() === '' ? start + 1 : start;
  const items: string[] = [];
  for (const line of lines.slice(from)) {
    const item = BULLET.exec(line)?.[1] ?? line;
    if (item.trim() === '') break;
    items.push(item);
  }
  return items.length === 1 ? toLabels(splitInline(items[0] ?? '')) : toLabels(items);
}

function splitInline(text: string): string[] {
  const separator = text.includes('|')
    ? /\|/
    : text.includes(';')
      ? /;/
      : /,\s*(?:or\s+|and\s+)?|\s+or\s+|\s+and\s+/;
  return text.split(/(?<=\w)\.\s/)[0]?.split(separator) ?? [];
}

function toLabels(items: readonly string[]): Label[] {
  const labels = new Map<string, Label>();
  for (const item of items) {
    const [, quoted, description] =
      /^\s*["'`*]*(.+?)["'`*]*\s*(?:(?::|\s[-–—]|\s\()\s*(.+))?$/.exec(item) ?? [];
    const name = quoted?.trim().replace(/\.$/, '') ?? '';
    if (isLabelLike(name) && !labels.has(name)) labels.set(name, { name, description: description ?? '' });
  }
  return [...labels.values()];
}

function isLabelLike(name: string): boolean {
  return name !== '' && name.length <= 60 && name.split(/\s+/).length <= 6;
}
