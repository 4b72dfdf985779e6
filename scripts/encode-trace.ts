/**
 * Encodes a trace for `src/capacity/simulator/traces/`: `node scripts/encode-trace.ts FILE.csv > NAME.txt`.
 * Columns TIMESTAMP, ContextTokens, GeneratedTokens, as the Azure LLM inference traces have them.
 */
import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { parseTrace } from '../src/capacity/simulator/trace-file.ts';

const path = process.argv[2];
if (!path) throw new Error('Usage: node scripts/encode-trace.ts FILE.csv');
const { atMs, inputTokens, outputTokens } = parseTrace(readFileSync(path, 'utf8'));
const gaps = [...atMs].map((at, i) => Math.round(at - (atMs[i - 1] ?? 0)));
const text = [gaps, [...inputTokens], [...outputTokens]].map((column) => column.join(',')).join('\n');
process.stdout.write(
  brotliCompressSync(text)
    .toString('base64')
    .replace(/.{120}/g, '$&\n'),
);
