import type { JsonSchema } from './chat-request.ts';
import { sentences, summarize } from './draft.ts';
import { hash32 } from './text.ts';

const FORMATS: Record<string, (text: string) => string> = {
  'date-time': () => '2026-01-15T09:30:00Z',
  date: (text) => /\b\d{4}-\d{2}-\d{2}\b/.exec(text)?.[0] ?? '2026-01-15',
  time: () => '09:30:00Z',
  duration: () => 'P1D',
  email: (text) => /[\w.+-]+@[\w-]+\.[\w.]*\w/.exec(text)?.[0] ?? 'someone@example.com',
  uri: (text) => /https?:\/\/[^\s"'<>]+/.exec(text)?.[0] ?? 'https://example.com/',
  hostname: () => 'example.com',
  ipv4: (text) => /\b(?:\d{1,3}\.){3}\d{1,3}\b/.exec(text)?.[0] ?? '192.0.2.1',
  ipv6: () => '2001:db8::1',
  uuid: (text) => {
    const hex = [1, 2, 3, 4].map((seed) => hash32(text, seed).toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  },
};

/** What a property's name asks for, and where a text has it. */
const BY_NAME: readonly (readonly [name: RegExp, find: RegExp])[] = [
  [/e?mail/i, /[\w.+-]+@[\w-]+\.[\w.]*\w/],
  [/phone|telephone/i, /\+?\d[\d ()-]{6,}\d/],
  [/url|link|website/i, /https?:\/\/[^\s"'<>]+/],
  [
    /date|day|when/i,
    /\b\d{4}-\d{2}-\d{2}\b|\b(?:today|tomorrow|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b/i,
  ],
  [/amount|price|total|cost/i, /[$€£]\s?\d[\d.,]*|\d[\d.,]*\s?(?:USD|EUR|GBP|dollars|euros|pounds)/i],
  [/order|number|reference|_id$|^id$/i, /#\w*\d{3,}/],
  [/order|number|reference|_id$|^id$/i, /#?\b[A-Z]*-?\d{3,}\b/],
  [/city|location|place|country|destination/i, /\b(?:in|to|at|from|for) (\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)*)/u],
  [/name|customer|person|author/i, /\b(?:I am|I'm|name is|from|by|for|to) (\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)*)/u],
];

/** A string for a property, valid against `format`, `pattern`, `minLength`, `maxLength`. */
export function stringFor(schema: JsonSchema, name: string, text: string): string {
  const format = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined;
  if (format) return format(text);
  const least = Number(schema.minLength ?? 0);
  const most = Number(schema.maxLength ?? Number.POSITIVE_INFINITY);
  const wanted = fromText(name, text);
  if (typeof schema.pattern === 'string') {
    if (new RegExp(schema.pattern, 'u').test(wanted) && wanted.length >= least && wanted.length <= most)
      return wanted;
    return matching(schema.pattern, least);
  }
  const fitted = wanted.length > most ? wanted.slice(0, most) : wanted;
  return fitted.length >= least ? fitted : fitted.padEnd(least, '.');
}

function fromText(name: string, text: string): string {
  for (const [asked, find] of BY_NAME) {
    const found = asked.test(name) ? find.exec(text) : null;
    if (found) return found[1] ?? found[0];
  }
  if (/query|question|text|message|input|content|body/i.test(name)) return text.trim();
  if (/title|subject|topic|headline/i.test(name)) return (sentences(text)[0] ?? text).slice(0, 60);
  return summarize(text, 1) || text.trim();
}

/**
 * A string that matches a regular expression of the plain kind schemas use: literals, classes, groups, alternatives,
 * repeats. Look-around and back references are not built; such a pattern gets what its plain parts spell.
 */
export function matching(pattern: string, least = 0): string {
  const shortest = build(pattern, 0);
  for (let extra = 1; shortest.length < least && extra <= least; extra++) {
    const longer = build(pattern, extra);
    if (longer.length >= least) return longer;
  }
  return shortest;
}

function build(pattern: string, extra: number): string {
  let at = 0;
  const repeat = (atom: string): string => {
    const quantifier = /^(?:\{(\d+)(,?)(\d*)\}|([*+?]))\??/.exec(pattern.slice(at));
    if (!quantifier) return atom;
    at += quantifier[0].length;
    const [, low, comma, high, sign] = quantifier;
    const least = low !== undefined ? Number(low) : sign === '+' ? 1 : 0;
    const most = high ? Number(high) : sign === '?' ? 1 : comma === '' ? least : Number.POSITIVE_INFINITY;
    return atom.repeat(Math.min(most, least + extra));
  };
  const sequence = (): string => {
    let built = '';
    while (at < pattern.length && pattern[at] !== ')' && pattern[at] !== '|') built += atom();
    return built;
  };
  const alternatives = (): string => {
    const first = sequence();
    while (pattern[at] === '|') {
      at++;
      sequence();
    }
    return first;
  };
  const atom = (): string => {
    const sign = pattern[at++] ?? '';
    if (sign === '^' || sign === '$') return '';
    if (sign === '.') return repeat('a');
    if (sign === '(') {
      at += /^\?(?::|<\w+>)/.exec(pattern.slice(at))?.[0].length ?? 0;
      const inside = alternatives();
      at++;
      return repeat(inside);
    }
    if (sign === '[') {
      const set = /^\^?\]?(?:\\.|[^\]\\])*/.exec(pattern.slice(at))?.[0] ?? '';
      at += set.length + 1;
      return repeat(memberOf(set));
    }
    if (sign === '\\') {
      const escaped = pattern.slice(
        at,
        at + (/^[pP]\{/.test(pattern.slice(at)) ? pattern.indexOf('}', at) + 1 - at : 1),
      );
      at += escaped.length;
      return escaped === 'b' ? '' : repeat(ofClass(escaped));
    }
    return repeat(sign);
  };
  return alternatives();
}

function ofClass(escaped: string): string {
  const known: Record<string, string> = { d: '0', w: 'a', s: ' ', D: 'a', W: ' ', S: 'a', n: '\n', t: '\t' };
  return known[escaped] ?? (escaped.startsWith('p') ? (/N/.test(escaped) ? '0' : 'a') : escaped.slice(-1));
}

/** A sign of a class written as between `[` and `]`. */
function memberOf(set: string): string {
  if (!set.startsWith('^')) return set.startsWith('\\') ? ofClass(set.slice(1, 2)) : set.charAt(0);
  const refused = new RegExp(`[${set.slice(1)}]`, 'u');
  return [...'aA0 -_.x'].find((sign) => !refused.test(sign)) ?? '~';
}
