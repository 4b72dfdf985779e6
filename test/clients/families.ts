/** The provider families the client suites run against: each a real HTTP vendor of its own wire behind a real gateway. */
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'vitest';
import type { CallRecord } from '../../src/core/call-record.ts';
import type { Feature } from '../../src/providers/features.ts';
import { findProvider } from '../../src/providers/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Endpoint } from '../conformance/clients.ts';
import { deployment, KEY, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { runVendor } from '../sandbox/vendor.ts';
import { startUpstream, type Upstream, type UpstreamCall } from '../support/upstream.ts';
import { answerChat } from './wire-chat.ts';
import { answerCohere } from './wire-cohere.ts';
import { answerConverse } from './wire-converse.ts';
import { answerGemini } from './wire-gemini.ts';
import { answerMessages } from './wire-messages.ts';
import { answerResponses } from './wire-responses.ts';

export interface Family {
  /** Its provider type. */
  name: string;
  model: string;
  embeddingModel: string;
  /** Base URL of the provider over the vendor's address, `http://host:port`. */
  baseUrl: (origin: string) => string;
  /** Answers as scripted, with its own words, and shows what it was sent. False: the sandbox, which makes up its own. */
  scripted: boolean;
  /** How it says that it refuses. Default: in a member of its own. */
  refuses?: 'by-finish-reason' | 'in-text' | 'never';
  /** Answers instead of the script. */
  answer?: Upstream['answer'];
}

const v1 = (origin: string): string => `${origin}/v1`;

export const FAMILIES: readonly Family[] = [
  {
    name: 'openai',
    model: 'gpt-5-mini',
    embeddingModel: 'text-embedding-3-small',
    baseUrl: v1,
    scripted: true,
  },
  {
    name: 'azure-openai',
    model: 'mini',
    embeddingModel: 'embed',
    baseUrl: (origin) => origin,
    scripted: true,
  },
  { name: 'vllm', model: 'qwen3-8b', embeddingModel: 'bge-m3', baseUrl: v1, scripted: true },
  {
    name: 'anthropic',
    model: 'claude-haiku-4-5',
    embeddingModel: 'none',
    refuses: 'by-finish-reason',
    baseUrl: (origin) => origin,
    scripted: true,
  },
  {
    name: 'google',
    model: 'gemini-2.5-flash',
    embeddingModel: 'gemini-embedding-001',
    baseUrl: (origin) => `${origin}/v1beta`,
    scripted: true,
    refuses: 'by-finish-reason',
    answer: answerGemini,
  },
  {
    name: 'bedrock',
    model: 'anthropic.claude-3-7-sonnet-20250219-v1:0',
    embeddingModel: 'cohere.embed-v4:0',
    baseUrl: (origin) => origin,
    scripted: true,
    refuses: 'by-finish-reason',
    answer: answerConverse,
  },
  {
    name: 'cohere',
    model: 'command-a-03-2025',
    embeddingModel: 'embed-v4.0',
    baseUrl: (origin) => `${origin}/v2`,
    scripted: true,
    refuses: 'in-text',
    answer: answerCohere,
  },
  {
    name: 'ai-sdk',
    model: 'mistral-small-latest',
    embeddingModel: 'mistral-embed',
    baseUrl: v1,
    scripted: true,
    // The package it names reads no such member.
    refuses: 'never',
    answer: (call, response) => write(call, response, answerChat(call, { usageInLast: true })),
  },
  { name: 'sandbox', model: 'large', embeddingModel: 'embed', baseUrl: v1, scripted: false },
];

export function providerOf(name: string): Provider {
  const found = findProvider(name);
  if (!found) throw new Error(`no provider of type ${name}`);
  return found;
}

/** What an app may need: at most one tool call, too, which is a switch that not every API has. */
export type Need = Feature | 'embeddings' | 'oneToolCall';

/** It speaks none of the protocols that apps speak. */
export function hasOwnWire({ translated, protocols }: Provider): boolean {
  return translated.includes('chat') && !protocols.includes('messages');
}

/** `true`: claimed. `false`: refused by name. `undefined`: not known. */
export function claims(name: string, needs: readonly Need[]): boolean | undefined {
  const provider = providerOf(name);
  const each = needs.map((need) =>
    need === 'oneToolCall'
      ? !hasOwnWire(provider)
      : need === 'embeddings'
        ? provider.protocols.includes('embeddings')
        : provider.features[need],
  );
  if (each.includes(false)) return false;
  return each.includes(undefined) ? undefined : true;
}

export interface Running {
  family: Family;
  endpoint: Endpoint;
  /** What the vendor was sent; empty for the sandbox. */
  calls: readonly UpstreamCall[];
  records: readonly CallRecord[];
}

/** The model a vendor was asked for: in the body, or in the path. */
export function modelAsked({ body, path }: UpstreamCall): unknown {
  const inPath = /\/models?\/([^/]+?)(?::\w+|\/converse(?:-stream)?)?(?:\?.*)?$/.exec(path)?.[1];
  return body.model ?? decodeURIComponent(inPath ?? '');
}

/** Answers any path in the wire that speaks it. */
export function answerScripted(call: UpstreamCall, response: ServerResponse): void {
  write(call, response, wireAnswer(call));
}

function write(call: UpstreamCall, response: ServerResponse, text: string): void {
  response.writeHead(200, {
    'content-type': call.body.stream === true ? 'text/event-stream' : 'application/json',
    'x-request-id': 'req_script',
  });
  response.end(text);
}

function wireAnswer(call: UpstreamCall): string {
  if (call.path.includes('/messages')) return answerMessages(call);
  return call.path.includes('/responses') ? answerResponses(call) : answerChat(call);
}

/** A gateway with the tasks `reply` and `embed` over the family. */
export async function startFamily(
  family: Family,
  onTestFinished: TestContext['onTestFinished'],
): Promise<Running> {
  const { origin, calls } = await startVendor(family, onTestFinished);
  const type = providerOf(family.name);
  const settings = {
    type: family.name,
    options: type.parseOptions({
      ...type.exampleOptions,
      ...(family.name === 'sandbox' && { timeScale: 0 }),
    }),
  };
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: provider(family.baseUrl(origin), settings) },
      deployments: {
        a: deployment('vendor', { model: family.model }),
        e: deployment('vendor', { model: family.embeddingModel }),
      },
      tasks: { reply: task(['a']), embed: task(['e']) },
    }),
  });
  return { family, endpoint: { baseUrl: harness.baseUrl, key: KEY }, calls, records: harness.records };
}

async function startVendor(
  family: Family,
  onTestFinished: TestContext['onTestFinished'],
): Promise<{ origin: string; calls: readonly UpstreamCall[] }> {
  if (!family.scripted) {
    const vendor = await runVendor();
    onTestFinished(() => vendor[Symbol.asyncDispose]());
    return { origin: new URL(vendor.url).origin, calls: [] };
  }
  const upstream = await startUpstream(onTestFinished);
  upstream.answer = family.answer ?? answerScripted;
  return { origin: new URL(upstream.baseUrl).origin, calls: upstream.calls };
}
