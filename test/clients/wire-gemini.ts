/** A stand-in vendor of Google's generateContent and its embeddings (https://ai.google.dev/api/generate-content, from memory 2026-11-25). */
import type { ServerResponse } from 'node:http';
import type { UpstreamCall } from '../support/upstream.ts';
import { type Asked, answer, type JsonSchema, pieces, type Said, SCRIPT_USAGE, VECTOR } from './script.ts';

type Body = Record<string, unknown>;

interface Part {
  text?: string;
  functionResponse?: { response: { content: unknown } };
}

interface Turn {
  role: string;
  parts: Part[];
}

const USAGE = {
  promptTokenCount: SCRIPT_USAGE.input,
  candidatesTokenCount: SCRIPT_USAGE.output,
  totalTokenCount: SCRIPT_USAGE.input + SCRIPT_USAGE.output,
};
const FINISHES = { stop: 'STOP', tool_calls: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' } as const;

function readGemini(body: Body): Asked {
  const turns = body.contents as Turn[];
  const users = turns.filter(({ role }) => role === 'user');
  const spoken = users.findLast(({ parts }) => parts.some(({ text }) => text !== undefined));
  const tools = (body.tools ?? []) as { functionDeclarations: { name: string; parameters?: JsonSchema }[] }[];
  const config = (body.generationConfig ?? {}) as {
    responseMimeType?: string;
    responseSchema?: JsonSchema;
    responseJsonSchema?: JsonSchema;
    thinkingConfig?: object;
  };
  const { functionCallingConfig: calling } = (body.toolConfig ?? {}) as {
    functionCallingConfig?: { mode: string; allowedFunctionNames?: string[] };
  };
  return {
    question: (spoken?.parts ?? []).map(({ text }) => text ?? '').join(''),
    tools:
      calling?.mode === 'NONE'
        ? []
        : tools
            .flatMap(({ functionDeclarations }) => functionDeclarations)
            .map(({ name, parameters }) => ({ name, schema: parameters ?? {} })),
    mustCall: calling?.mode === 'ANY' ? (calling.allowedFunctionNames?.[0] ?? true) : null,
    results: (turns.at(-1)?.parts ?? []).flatMap(({ functionResponse }) =>
      functionResponse ? [String(functionResponse.response.content)] : [],
    ),
    schema:
      config.responseSchema ??
      config.responseJsonSchema ??
      (config.responseMimeType === 'application/json' ? true : null),
    reasons: config.thinkingConfig !== undefined,
    choices: 1,
  };
}

export function answerGemini(call: UpstreamCall, response: ServerResponse): void {
  const isStream = call.path.includes(':streamGenerateContent');
  response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
  if (call.path.endsWith(':embedContent')) {
    response.end(JSON.stringify({ embedding: { values: VECTOR } }));
  } else if (call.path.endsWith(':batchEmbedContents')) {
    const asked = call.body.requests as unknown[];
    response.end(JSON.stringify({ embeddings: asked.map(() => ({ values: VECTOR })) }));
  } else {
    const said = answer(readGemini(call.body));
    const parts = partsOf(said, isStream);
    const events = isStream ? parts.map((part) => contentOf([part])) : [contentOf(parts)];
    const last = contentOf([{ text: '' }], FINISHES[said.finish]);
    if (isStream)
      response.end([...events, last].map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));
    else response.end(JSON.stringify(contentOf(parts, FINISHES[said.finish])));
  }
}

function partsOf(said: Said, inPieces: boolean): Body[] {
  const cut = (text: string | null): string[] => (inPieces ? pieces(text ?? '') : text ? [text] : []);
  return [
    ...cut(said.thought).map((text) => ({ text, thought: true })),
    ...cut(said.refusal ?? said.text).map((text) => ({ text })),
    ...said.calls.map(({ name, arguments: given }) => ({ functionCall: { name, args: JSON.parse(given) } })),
  ];
}

function contentOf(parts: Body[], finishReason?: string): Body {
  const candidate = { content: { role: 'model', parts }, index: 0, ...(finishReason && { finishReason }) };
  return { candidates: [candidate], usageMetadata: USAGE };
}
