/** A month of plausible calls of a small support team, put into a real store, the same every run. */
import type { AttemptRecord, CallRecord, Outcome, StageTiming } from '../../../src/core/call-record.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { ErrorCode } from '../../../src/core/error.ts';
import { createIdMaker } from '../../../src/core/id.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { openStore } from '../../../src/store/open.ts';
import { seedBatches } from './seed-batches.ts';

const DAY = 86_400_000;
const BATCH = 1_000;

/** The config the seeded calls belong to. The vendors are never called: nothing listens there. */
export const SEED_CONFIG = {
  providers: {
    openai: { type: 'openai', apiKey: { env: 'SEED_OPENAI_KEY' } },
    anthropic: { type: 'anthropic', apiKey: { env: 'SEED_ANTHROPIC_KEY' } },
    vllm: { type: 'vllm', baseUrl: 'http://127.0.0.1:9/v1', dataPolicy: { party: 'own', regions: ['eu'] } },
    lab: { type: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', dataPolicy: { party: null } },
    sandbox: { type: 'sandbox', options: { timeScale: 0 } },
  },
  deployments: {
    'gpt-5-mini': { provider: 'openai', model: 'gpt-5-mini' },
    'claude-sonnet': { provider: 'anthropic', model: 'claude-sonnet-4-5' },
    'vllm-eu': {
      provider: 'vllm',
      model: 'qwen3-32b',
      region: 'eu',
      price: { usdPerHour: 2.4, outputTokensPerSecond: 900 },
    },
    'lab-preview': { provider: 'lab', model: 'preview-1' },
  },
  tasks: {
    'support-reply': {
      description: 'Drafts the answer to a customer; a person reads it before it is sent.',
      latencyClass: 'interactive',
      route: ['vllm-eu', 'gpt-5-mini', 'claude-sonnet'],
      quality: { measure: 'sent without edits', target: 0.8 },
      budget: { usd: 60, per: 'week' },
      capture: 'full',
    },
    triage: {
      description: 'Sorts a message into one of 77 intents.',
      latencyClass: 'interactive',
      route: ['gpt-5-mini', 'vllm-eu'],
    },
    'contract-summary': { latencyClass: 'batch', route: ['claude-sonnet'], dataClass: 'internal' },
    'nightly-tags': { latencyClass: 'batch', route: ['vllm-eu'] },
    try: { route: ['sandbox/small'] },
  },
} as const;

interface Mix {
  task: string;
  weight: number;
  input: number;
  output: number;
  streamed: boolean;
  deployments: [name: string, weight: number][];
}

const MIXES: Mix[] = [
  {
    task: 'support-reply',
    weight: 46,
    input: 1400,
    output: 320,
    streamed: true,
    deployments: [
      ['vllm-eu', 6],
      ['gpt-5-mini', 3],
      ['claude-sonnet', 1],
    ],
  },
  {
    task: 'triage',
    weight: 34,
    input: 620,
    output: 9,
    streamed: false,
    deployments: [
      ['gpt-5-mini', 8],
      ['vllm-eu', 2],
    ],
  },
  {
    task: 'contract-summary',
    weight: 6,
    input: 9200,
    output: 800,
    streamed: false,
    deployments: [['claude-sonnet', 1]],
  },
  { task: 'nightly-tags', weight: 9, input: 900, output: 40, streamed: false, deployments: [['vllm-eu', 1]] },
  {
    task: 'untasked',
    weight: 5,
    input: 500,
    output: 180,
    streamed: true,
    deployments: [
      ['lab-preview', 2],
      ['gpt-5-mini', 3],
    ],
  },
];

interface Model {
  provider: string;
  model: string;
  region: string | null;
  /** USD per million tokens; `null`: unpriced. */
  price: [input: number, output: number] | null;
  source: string | null;
  ttftMs: number;
  tokensPerSecond: number;
}

const MODELS: Record<string, Model> = {
  'gpt-5-mini': {
    provider: 'openai',
    model: 'gpt-5-mini',
    region: null,
    price: [0.25, 2],
    source: 'genai-prices openai/gpt-5-mini',
    ttftMs: 620,
    tokensPerSecond: 110,
  },
  'claude-sonnet': {
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    region: null,
    price: [3, 15],
    source: 'genai-prices anthropic/claude-sonnet-4-5',
    ttftMs: 910,
    tokensPerSecond: 72,
  },
  'vllm-eu': {
    provider: 'vllm',
    model: 'qwen3-32b',
    region: 'eu',
    price: [0.07, 0.74],
    source: 'gpu-hour',
    ttftMs: 240,
    tokensPerSecond: 64,
  },
  'lab-preview': {
    provider: 'lab',
    model: 'preview-1',
    region: null,
    price: null,
    source: null,
    ttftMs: 1500,
    tokensPerSecond: 40,
  },
};

const USERS = [
  'ada',
  'grace',
  'linus',
  'barbara',
  'edsger',
  'katherine',
  'alan',
  'margaret',
  'donald',
  'radia',
  'tim',
  'hedy',
];
const COMMENTS = [
  'Right tone, sent as it is.',
  'Invented a refund rule.',
  null,
  'Too long.',
  null,
  null,
  'Good, one word changed.',
];
const FAULTS: [ErrorCode, number | null, string][] = [
  ['timeout_first_token', 200, 'no token within 15,000 ms'],
  ['upstream_overloaded', 503, 'the vendor answered 503'],
  ['upstream_rate_limited', 429, 'the vendor answered 429'],
];

export interface SeedOptions {
  dataDir: string;
  calls: number;
  days?: number;
  /** Epoch milliseconds of the newest call. */
  until: number;
}

/** Fills a new store. The server is started on the folder afterwards. */
export async function seedStore({ dataDir, calls, days = 30, until }: SeedOptions): Promise<void> {
  const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
  const random = createRandom(7);
  let now = 0;
  const makeId = createIdMaker(() => now);
  const times = Array.from({ length: calls }, () => until - pickAge(random, days)).sort((a, b) => a - b);
  for (let from = 0; from < calls; from += BATCH) {
    const records = times.slice(from, from + BATCH).map((at) => {
      now = at;
      return makeRecord(at, makeId('call'), random);
    });
    await store.calls.insert(records);
    for (const record of records) {
      if (record.outcome !== 'ok' || record.task === 'untasked' || random() > 0.05) continue;
      await store.feedback.add({
        id: makeId('fb'),
        callId: record.id,
        name: 'score',
        score: random() < (record.deployment === 'vllm-eu' ? 0.78 : 0.9) ? 1 : 0,
        comment: pick(COMMENTS, random) ?? null,
        correction: null,
        keyId: record.keyId,
        createdAt: record.startedAt + record.durationMs + 20_000,
      });
    }
  }
  await seedBatches(store, until);
  await store.close();
}

/** More calls by day than by night, and more each week. */
function pickAge(random: () => number, days: number): number {
  for (;;) {
    const age = random() * days * DAY;
    const hour = 24 - ((age / (DAY / 24)) % 24);
    const daily = 0.25 + 0.75 * Math.max(0, Math.sin(((hour - 2) / 24) * 2 * Math.PI));
    if (random() < daily * (1 - (0.5 * age) / (days * DAY))) return Math.floor(age);
  }
}

function makeRecord(at: number, id: string, random: () => number): CallRecord {
  const mix = weighted(MIXES, (entry) => entry.weight, random);
  const [name] = weighted(mix.deployments, (entry) => entry[1], random);
  const spread = (size: number): number => Math.max(1, Math.round(size * Math.exp((random() - 0.5) * 1.4)));
  const usage = {
    inputTokens: spread(mix.input),
    outputTokens: spread(mix.output),
    ...(mix.task === 'support-reply' ? { cacheReadTokens: Math.round(mix.input * 0.4) } : {}),
    ...(name === 'gpt-5-mini' && mix.streamed ? { reasoningTokens: Math.round(mix.output * 0.2) } : {}),
    ...(random() < 0.01 ? { estimated: true } : {}),
  };
  usage.inputTokens = Math.max(usage.inputTokens, (usage.cacheReadTokens ?? 0) + 20);
  usage.outputTokens = Math.max(usage.outputTokens, (usage.reasoningTokens ?? 0) + 5);
  const refused = random() < 0.003;
  const failedFirst = random() < (name === 'vllm-eu' ? 0.03 : 0.012);
  const failed = !refused && failedFirst && random() < 0.35;
  const left = !refused && !failed && random() < 0.008;
  const outcome: Outcome = refused ? 'refused' : failed ? 'error' : left ? 'client_left' : 'ok';
  const attempts = refused
    ? []
    : toAttempts({ name, usage, random, failedFirst, failed, streamed: mix.streamed });
  const last = attempts.at(-1);
  const duration = last ? last.endMs + 0.4 : 0.6;
  const fault = failed ? attempts[0] : undefined;
  const unpriced = attempts.some((attempt) => attempt.costNanoUsd === null && attempt.outcome !== 'error');
  const answered = outcome === 'ok' || outcome === 'client_left' ? last : undefined;
  return {
    id,
    startedAt: at,
    durationMs: Math.round(duration * 10) / 10,
    ttftMs: mix.streamed ? (answered?.firstTokenMs ?? null) : null,
    revision: 'rev_0000000000000000',
    protocol: 'chat',
    streamed: mix.streamed,
    task: mix.task,
    requestedModel: mix.task === 'untasked' ? (MODELS[name]?.model ?? null) : mix.task,
    keyId: 'key_seed',
    user: mix.task === 'nightly-tags' ? null : weighted(USERS, (user) => 13 - USERS.indexOf(user), random),
    tags: { channel: random() < 0.5 ? 'mail' : 'chat' },
    dataClass: 'internal',
    outcome,
    status: { ok: 200, error: 502, client_left: 499, refused: 400 }[outcome],
    errorCode: refused ? 'invalid_request' : (fault?.errorCode ?? (left ? 'client_left' : null)),
    errorMessage: refused ? 'messages: must not be empty' : (fault?.errorMessage ?? null),
    deployment: answered?.deployment ?? null,
    provider: answered?.provider ?? null,
    model: answered?.model ?? null,
    sandbox: false,
    finishReason: outcome === 'ok' ? 'stop' : null,
    usage: answered ? usage : {},
    costNanoUsd: unpriced ? null : attempts.reduce((sum, attempt) => sum + (attempt.costNanoUsd ?? 0), 0),
    unpriced,
    requestBytes: usage.inputTokens * 4,
    responseBytes: usage.outputTokens * 5,
    attempts,
    skipped:
      mix.task === 'support-reply' && name !== 'vllm-eu'
        ? [{ deployment: 'vllm-eu', reason: 'circuit open since 10:02 after 5 failures in a row' }]
        : [],
    stages: toStages(attempts, duration),
    ...(mix.task === 'support-reply' && outcome === 'ok'
      ? {
          payload: {
            request: JSON.stringify({
              model: mix.task,
              messages: [{ role: 'user', content: 'Where is my card?' }],
            }),
            response: JSON.stringify({
              choices: [{ message: { role: 'assistant', content: 'It is on its way.' } }],
            }),
          },
        }
      : {}),
  };
}

interface AttemptInput {
  name: string;
  usage: CallRecord['usage'];
  random: () => number;
  failedFirst: boolean;
  failed: boolean;
  streamed: boolean;
}

function toAttempts({ name, usage, random, failedFirst, failed, streamed }: AttemptInput): AttemptRecord[] {
  const attempts: AttemptRecord[] = [];
  let start = 0.5 + random() * 0.4;
  if (failedFirst) {
    const [code, status, message] = weighted(FAULTS, () => 1, random);
    const end = start + (code === 'timeout_first_token' ? 15_000 : 90 + random() * 60);
    attempts.push({
      ...base(name === 'vllm-eu' ? 'vllm-eu' : name),
      kind: 'primary',
      reason: 'first of the route `ordered`',
      startMs: start,
      headersMs: status === 200 ? start + 180 : end,
      firstTokenMs: null,
      endMs: end,
      outcome: 'error',
      status,
      errorCode: code,
      errorMessage: message,
      usage: {},
      costNanoUsd: null,
      priceSource: MODELS[name]?.source ?? null,
    });
    if (failed) return attempts;
    start = end + 0.2;
  }
  const answering = failedFirst && name === 'vllm-eu' ? 'gpt-5-mini' : name;
  const model = MODELS[answering] as Model;
  const first = start + model.ttftMs * Math.exp((random() - 0.4) * 1.2);
  const end = first + ((usage.outputTokens ?? 0) / model.tokensPerSecond) * 1000 * (0.8 + random() * 0.5);
  attempts.push({
    ...base(answering),
    kind: failedFirst ? 'fallback' : 'primary',
    reason: failedFirst ? `next after ${name} failed` : 'first of the route `ordered`',
    startMs: start,
    headersMs: start + (first - start) * 0.7,
    firstTokenMs: streamed ? first : end,
    endMs: end,
    outcome: 'ok',
    status: 200,
    errorCode: null,
    errorMessage: null,
    usage,
    costNanoUsd: model.price
      ? Math.round(
          ((usage.inputTokens ?? 0) * model.price[0] + (usage.outputTokens ?? 0) * model.price[1]) * 1000,
        )
      : null,
    priceSource: model.source,
  });
  return attempts;
}

function base(deployment: string) {
  const { provider, model, region } = MODELS[deployment] as Model;
  return { deployment, provider, model, region };
}

function toStages(attempts: AttemptRecord[], duration: number): StageTiming[] {
  const [first, last] = [attempts[0], attempts.at(-1)];
  const begin = first?.startMs ?? 0.3;
  return [
    ['authenticate', 0, 0.04],
    ['identify', 0.04, 0.12],
    ['plan', 0.12, begin],
    ...(first && last ? ([['attempts', begin, last.endMs]] as StageTiming[]) : []),
    ['settle', duration - 0.3, duration - 0.1],
    ['record', duration - 0.1, duration],
  ];
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

function weighted<T>(list: readonly T[], weight: (entry: T) => number, random: () => number): T {
  let rest = random() * list.reduce((sum, entry) => sum + weight(entry), 0);
  for (const entry of list) {
    rest -= weight(entry);
    if (rest <= 0) return entry;
  }
  return list.at(-1) as T;
}

/** Mulberry32: small and seeded. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
