import { features } from './classify.ts';
import { hash32 } from './text.ts';
import { countTokens } from './tokens.ts';
import { VendorError } from './vendor-error.ts';

const DIMENSIONS = 512;
const MAX_DIMENSIONS = 3072;
const MAX_INPUTS = 2048;

export interface EmbeddingsRequest {
  inputs: string[];
  dimensions: number;
  base64: boolean;
}

/** Reads `POST /v1/embeddings`. Throws VendorError(400). */
export function parseEmbeddingsRequest(body: Record<string, unknown>): EmbeddingsRequest {
  const { dimensions = DIMENSIONS, encoding_format: encoding = 'float' } = body;
  if (!Number.isInteger(dimensions) || Number(dimensions) < 1 || Number(dimensions) > MAX_DIMENSIONS) {
    throw new VendorError(400, `Invalid 'dimensions': expected 1 to ${MAX_DIMENSIONS}.`, {
      param: 'dimensions',
    });
  }
  if (encoding !== 'float' && encoding !== 'base64') {
    throw new VendorError(400, "Invalid 'encoding_format': expected float or base64.", {
      param: 'encoding_format',
    });
  }
  return { inputs: parseInputs(body.input), dimensions: Number(dimensions), base64: encoding === 'base64' };
}

function parseInputs(input: unknown): string[] {
  const isTokens = (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token));
  const list: unknown[] =
    typeof input === 'string' || isTokens(input) ? [input] : Array.isArray(input) ? input : [];
  const inputs = list.map((item) => {
    if (typeof item === 'string' && item !== '') return item;
    if (isTokens(item)) return (item as number[]).join(' ');
    throw new VendorError(400, "Invalid 'input': expected non-empty strings or arrays of tokens.", {
      param: 'input',
    });
  });
  if (inputs.length === 0 || inputs.length > MAX_INPUTS) {
    throw new VendorError(400, `Invalid 'input': expected 1 to ${MAX_INPUTS} inputs.`, { param: 'input' });
  }
  return inputs;
}

/** Hashed stems, stem pairs and character n-grams, signed, of length 1: like texts have a large dot product. */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [feature, weight] of features(text)) {
    const hash = hash32(feature);
    const at = (hash >>> 1) % dimensions;
    vector[at] = (vector[at] ?? 0) + (hash & 1 ? weight : -weight);
  }
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) vector[hash32(text) % dimensions] = 1;
  const length = Math.sqrt(sum) || 1;
  return vector.map((value) => value / length);
}

/** The answer's body. */
export function embeddingsAnswer(request: EmbeddingsRequest, model: string): Record<string, unknown> {
  const tokens = request.inputs.reduce((sum, text) => sum + countTokens(text), 0);
  return {
    object: 'list',
    data: request.inputs.map((text, index) => {
      const vector = embed(text, request.dimensions);
      const embedding = request.base64 ? Buffer.from(vector.buffer).toString('base64') : [...vector];
      return { object: 'embedding', index, embedding };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
