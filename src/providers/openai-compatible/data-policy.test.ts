import { describe, expect, test } from 'vitest';
import { isPrivateAddress, toDataPolicy } from './data-policy.ts';
import { presets } from './presets.ts';

describe('isPrivateAddress', () => {
  test.each([
    ['http://127.0.0.1:8000/v1', true],
    ['http://localhost:8000', true],
    ['http://[::1]:8000', true],
    ['http://10.1.2.3', true],
    ['http://172.16.0.1', true],
    ['http://172.31.255.255', true],
    ['http://192.168.1.9:11434', true],
    ['http://169.254.1.1', true],
    ['http://[fd12::1]', true],
    ['http://[fe80::1]', true],
    ['http://gpu.local', true],
    ['http://vllm.svc.internal', true],
    ['http://172.32.0.1', false],
    ['http://172.15.0.1', false],
    ['http://192.169.0.1', false],
    ['http://8.8.8.8', false],
    ['http://[2001:db8::1]', false],
    ['http://[fde::1]', false],
    ['https://gpu.example.com', false],
    ['https://localhost.example.com', false],
    ['https://127.0.0.1.example.com', false],
    ['http://vllm:8000', false],
    ['http://2130706433', true],
    ['nonsense', false],
  ])('%s: %s', (url, expected) => {
    expect(isPrivateAddress(url)).toBe(expected);
  });
});

describe('toDataPolicy', () => {
  const of = (type: string, baseUrl: string) => {
    const preset = presets.find((entry) => entry.type === type);
    if (!preset) throw new Error(type);
    return toDataPolicy(preset, baseUrl);
  };

  test('an engine is own at a private address and undeclared elsewhere', () => {
    expect(of('vllm', 'http://10.0.0.5:8000/v1')).toMatchObject({ party: 'own', trainsOnData: false });
    expect(of('vllm', 'http://10.0.0.5:8000/v1').allow).toContain('restricted');
    expect(of('vllm', 'https://gpu.example.com/v1')).toMatchObject({ party: null, allow: [] });
  });

  test('a vendor is a third party, and its published figures hold only for its own servers', () => {
    const own = { party: 'third', allow: ['public', 'internal'], retentionDays: 30, trainsOnData: false };
    expect(of('openai', 'https://api.openai.com/v1')).toMatchObject(own);
    const proxied = { party: 'third', retentionDays: null, trainsOnData: null };
    expect(of('openai', 'https://proxy.example.com/v1')).toMatchObject(proxied);
  });

  test('Azure is a private deployment at its own addresses only', () => {
    const azure = { party: 'private', allow: ['public', 'internal', 'confidential'], retentionDays: 30 };
    expect(of('azure-openai', 'https://acme.openai.azure.com')).toMatchObject(azure);
    expect(of('azure-openai', 'https://acme.cognitiveservices.azure.com')).toMatchObject(azure);
    const elsewhere = { party: 'third', allow: ['public', 'internal'], retentionDays: null };
    expect(of('azure-openai', 'https://proxy.example.com')).toMatchObject(elsewhere);
    expect(of('azure-openai', 'https://azure.com.example.com')).toMatchObject(elsewhere);
  });

  test('a generic server is undeclared, even on this machine', () => {
    expect(of('openai-compatible', 'http://127.0.0.1:9000/v1')).toMatchObject({ party: null, allow: [] });
  });
});

describe('presets', () => {
  test.each(presets.map((preset) => [preset.type, preset] as const))('%s is a sourced entry', (_, preset) => {
    expect(preset.source).toMatch(/^https:\/\//);
    expect(preset.asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    if (
      typeof preset.data !== 'function' &&
      (preset.data.party === 'third' || preset.data.party === 'private')
    ) {
      const { retentionDays, trainsOnData, source } = preset.data;
      expect(source !== null).toBe(retentionDays !== null || trainsOnData !== null);
    }
  });
});
