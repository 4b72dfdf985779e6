import { z } from 'zod';
import type { ConfigPath } from './config-path.ts';
import { didYouMean } from './nearest.ts';
import type { Problems } from './problems.ts';

type Issue = z.core.$ZodIssue;

/**
 * Parses one part of a config. On failure adds what is wrong, in words, and returns `undefined`, so that the other
 * parts are still looked at.
 */
export function checkShape<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: { path: ConfigPath; problems: Problems },
): z.output<T> | undefined {
  const result = schema.safeParse(value, { error: unknownKeys });
  if (result.success) return result.data;
  // Unknown keys first: a mistyped key is also why its right spelling is missing.
  const isUnknown = ({ code }: Issue): number => (code === 'unrecognized_keys' ? 0 : 1);
  for (const issue of result.error.issues.toSorted((a, b) => isUnknown(a) - isUnknown(b))) {
    explain(issue, value, at);
  }
  return undefined;
}

/** One line per unknown key, in the order of `keys`: only here is the schema known that refused them. */
function unknownKeys(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  return issue.keys
    .map((key) => {
      const hint = didYouMean(key, known);
      return `unknown key${hint === '' ? `; known here: ${known.join(', ')}` : hint}`;
    })
    .join('\n');
}

function explain(issue: Issue, root: unknown, at: { path: ConfigPath; problems: Problems }): void {
  const inside = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const path = [...at.path, ...inside];
  const value = valueAt(root, inside);
  const { problems } = at;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const lines = issue.message.split('\n');
      issue.keys.forEach((key, index) => {
        problems.add([...path, key], lines[index] ?? 'unknown key');
      });
      return;
    }
    case 'invalid_value': {
      const hint = typeof value === 'string' ? didYouMean(value, issue.values.map(String)) : '';
      problems.addValue(path, value, `is not one of ${issue.values.map(String).join(', ')}${hint}`);
      return;
    }
    case 'invalid_type':
      if (value === undefined) problems.add(path, `is missing; expected ${article(issue.expected)}`);
      else problems.addValue(path, value, `is not ${article(issue.expected)}`);
      return;
    case 'invalid_union':
      explainUnion(issue, value, { path, problems });
      return;
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') problems.add(path, 'is empty');
      else
        problems.addValue(
          path,
          value,
          `is too small; ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`,
        );
      return;
    case 'too_big':
      problems.addValue(path, value, `is too large; at most ${issue.maximum}`);
      return;
    default:
      problems.addValue(path, value, `is wrong: ${issue.message}`);
  }
}

/** Explains the alternative the writer most likely meant: that of the right kind, with the least wrong in it. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: unknown,
  at: { path: ConfigPath; problems: Problems },
): void {
  const alternatives = issue.errors as Issue[][];
  const wrongKind = (issues: Issue[]): boolean =>
    issues.some((one) => one.path.length === 0 && one.code === 'invalid_type');
  const likely = alternatives.filter((issues) => !wrongKind(issues)).sort((a, b) => weigh(a) - weigh(b));
  const [best] = likely;
  if (best) {
    for (const one of best) explain(one, value, at);
    return;
  }
  const kinds = new Set(
    alternatives.flatMap((issues) =>
      issues.flatMap((one) => (one.code === 'invalid_type' ? [article(one.expected)] : [])),
    ),
  );
  const expected = [...kinds].join(' or ');
  if (value === undefined) at.problems.add(at.path, `is missing; expected ${expected}`);
  else at.problems.addValue(at.path, value, `is not ${expected}`);
}

/** Missing members weigh less than unknown ones: a half-written object still shows what it was meant to be. */
function weigh(issues: Issue[]): number {
  return issues.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? 2 * one.keys.length : 1), 0);
}

function article(expected: string): string {
  const words: Record<string, string> = {
    object: 'an object',
    record: 'an object',
    array: 'a list',
    int: 'a whole number',
    string: 'a text',
    boolean: 'true or false',
  };
  return words[expected] ?? `a ${expected}`;
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
