/** Reads the input of a batch, line by line, and says of each line that cannot be called what is wrong with it. */
import { MemberTable } from '../../protocols/json-span.ts';
import { isObject } from '../../protocols/request.ts';
import type { BatchLine, BatchProblem } from '../../store/batches.ts';

export interface InputRules {
  /** What every line must call. */
  endpoint: string;
  maxLineBytes: number;
}

/** As OpenAI bounds it (https://platform.openai.com/docs/guides/batch, as known 2026-11-25). */
const MAX_LINES = 50_000;
const MAX_ID_CHARS = 512;
/** Problems told of one file. */
const MAX_PROBLEMS = 100;
const LINES_AT_ONCE = 200;
const NEWLINE = 0x0a;

const MEMBERS: ReadonlySet<string> = new Set(['custom_id', 'method', 'url', 'body']);

/**
 * Gives the lines of a file, some at a time, until there is a problem; from then on only problems are looked for.
 * Returns those: none, or no more than {@link MAX_PROBLEMS}.
 */
export async function readInput(
  chunks: AsyncIterable<Buffer>,
  rules: InputRules,
  take: (lines: BatchLine[]) => Promise<void>,
): Promise<{ problems: BatchProblem[]; total: number }> {
  const problems: BatchProblem[] = [];
  const seen = new Map<string, number>();
  let good: BatchLine[] = [];
  let total = 0;
  for await (const { bytes, line } of splitLines(chunks, rules.maxLineBytes)) {
    if (bytes !== null && bytes.length === 0) continue;
    total++;
    if (total > MAX_LINES) {
      problems.push(problem('too_many_lines', `The file has more than ${MAX_LINES} lines.`, { line }));
      break;
    }
    const read = bytes === null ? tooLong(rules, line) : readLine(bytes, line, rules);
    const found = 'code' in read ? read : repeated(read, seen);
    if (found) problems.push(found);
    else if (problems.length === 0) good.push(read as BatchLine);
    if (problems.length >= MAX_PROBLEMS) break;
    if (good.length < LINES_AT_ONCE) continue;
    await take(good);
    good = [];
  }
  if (total === 0) problems.push(problem('empty_file', 'The file holds no line.', {}));
  if (problems.length === 0 && good.length > 0) await take(good);
  return { problems, total };
}

export interface Line {
  /** `null`: longer than lines may be. */
  bytes: Buffer | null;
  line: number;
}

/** Lines of a file, without their ends and blanks around them. */
export async function* splitLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let heldBytes = 0;
  let line = 1;
  const end = (): Line => {
    const bytes = heldBytes > maxBytes ? null : trimmed(Buffer.concat(parts));
    parts = [];
    heldBytes = 0;
    return { bytes, line: line++ };
  };
  const hold = (bytes: Buffer) => {
    heldBytes += bytes.length;
    if (heldBytes <= maxBytes) parts.push(bytes);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, at));
      from = at + 1;
      yield end();
    }
    hold(chunk.subarray(from));
  }
  if (heldBytes > 0) yield end();
}

/** Without the carriage return of a Windows line end, a byte order mark, or blanks. */
function trimmed(bytes: Buffer): Buffer {
  const text = bytes.toString().trim();
  return text.length === bytes.length ? bytes : Buffer.from(text);
}

function readLine(bytes: Buffer, line: number, { endpoint }: InputRules): BatchLine | BatchProblem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString());
  } catch {
    return problem('invalid_json', 'The line is not valid JSON.', { line });
  }
  if (!isObject(parsed)) return problem('invalid_json', 'The line is not a JSON object.', { line });
  const unknown = Object.keys(parsed).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) return wrong(unknown, `There is no member \`${unknown.slice(0, 100)}\`.`, line);
  const { custom_id: id, method, url, body } = parsed;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARS)
    return wrong('custom_id', `\`custom_id\` must be a text of 1 to ${MAX_ID_CHARS} characters.`, line);
  if (method !== 'POST') return wrong('method', '`method` must be `POST`.', line);
  if (url !== endpoint) return wrong('url', `\`url\` must be \`${endpoint}\`, as the batch says.`, line);
  if (!isObject(body)) return wrong('body', '`body` must be a JSON object.', line);
  if (typeof body.model !== 'string' || body.model === '')
    return wrong('body.model', '`body.model` must name a task or a model.', line);
  if (body.stream === true) return wrong('body.stream', 'A line of a batch cannot stream.', line);
  const members = new MemberTable(bytes);
  const span = members.span('body');
  if (!span || members.count('body') > 1) return wrong('body', '`body` stands more than once.', line);
  return { line, customId: id, body: bytes.toString('utf8', span[0], span[1]) };
}

function repeated({ customId, line }: BatchLine, seen: Map<string, number>): BatchProblem | null {
  const first = seen.get(customId);
  if (first === undefined) {
    seen.set(customId, line);
    return null;
  }
  const text = `The \`custom_id\` \`${customId}\` stands in line ${first} already.`;
  return problem('duplicate_custom_id', text, { line, param: 'custom_id' });
}

function tooLong({ maxLineBytes }: InputRules, line: number): BatchProblem {
  return problem('line_too_long', `The line is longer than ${maxLineBytes} bytes.`, { line });
}

function wrong(param: string, message: string, line: number): BatchProblem {
  return problem('invalid_request', message, { line, param });
}

function problem(code: string, message: string, at: { line?: number; param?: string }): BatchProblem {
  return { code, message, param: at.param ?? null, line: at.line ?? null };
}
