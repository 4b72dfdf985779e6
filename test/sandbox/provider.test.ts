import { describe, expect, test } from 'vitest';
import type { AppRequest, UpstreamRequest } from '../../src/providers/provider.ts';
import { SANDBOX_ORIGIN, sandbox } from '../../src/providers/sandbox/index.ts';
import type { ProviderConfig } from '../../src/stack/stack.ts';

function connect(options: Record<string, unknown> = {}) {
  const config: ProviderConfig = {
    type: 'sandbox',
    baseUrl: null,
    apiKey: null,
    headers: {},
    default: false,
    dataPolicy: sandbox.defaultDataPolicy(SANDBOX_ORIGIN),
    options,
  };
  return sandbox.connect(config, { apiKey: null, headers: {} });
}

function chatRequest(model: string): AppRequest {
  const bytes = Buffer.from(`{"model":"${model}","messages":[]}`);
  return {
    protocol: 'chat',
    model,
    stream: false,
    wantsUsage: false,
    bytes,
    body: JSON.parse(bytes.toString()) as Record<string, unknown>,
    span: (member) => (member === 'model' ? [9, 9 + model.length + 2] : undefined),
    headers: {},
  };
}

const usage = { inputTokens: 1000, outputTokens: 100 };

test('needs no key, is labelled, and is our own machine', () => {
  expect(sandbox).toMatchObject({ type: 'sandbox', sandbox: true, needsApiKey: false });
  expect(sandbox.defaultDataPolicy(SANDBOX_ORIGIN)).toMatchObject({ party: 'own', trainsOnData: false });
});

describe('prices', () => {
  test('are the stated list, with faults or without', () => {
    const at = Date.now();
    expect(connect().price('small', usage, at)).toEqual({
      costNanoUsd: 210_000,
      source: 'sandbox price list',
    });
    expect(connect().price('large!cut', usage, at)?.costNanoUsd).toBe(3_500_000);
    expect(connect().price('embed', { inputTokens: 1000, outputTokens: 0 }, at)?.costNanoUsd).toBe(20_000);
  });

  test('of what is not known are null, not 0', () => {
    expect(connect().price('huge', usage, 0)).toBeNull();
    expect(connect().price('toString', usage, 0)).toBeNull();
    expect(connect().price('small', { inputTokens: 5 }, 0)).toBeNull();
  });
});

test('offers its three models and their faulty kin', () => {
  expect(
    ['small', 'large', 'embed', 'small!status-503', 'gpt'].map((model) => connect().offers(model)),
  ).toEqual([true, true, true, true, false]);
});

test('timeScale travels as a header', () => {
  const request = connect({ timeScale: 0.5 }).open(chatRequest('large')).request as UpstreamRequest;
  expect(request).toMatchObject({ origin: SANDBOX_ORIGIN, path: '/v1/chat/completions', method: 'POST' });
  const at = request.headers.indexOf('x-sandbox-time-scale');
  expect(request.headers[at + 1]).toBe('0.5');
});

test.each([[{ timeScale: -1 }], [{ timeScale: '1' }], [{ timescale: 1 }]])(
  'option %j is refused',
  (options) => {
    expect(() => sandbox.parseOptions(options)).toThrow(/options\.time/);
  },
);
