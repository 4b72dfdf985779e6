import { describe, expect, test } from 'vitest';
import { azureKeyHeader, azureOwnPath, azurePath, parseAzureOptions } from './azure.ts';

describe('azurePath', () => {
  test('names the deployment and the version', () => {
    expect(azurePath('chat', 'my gpt/5', { apiVersion: '2025-01-01-preview' })).toBe(
      '/openai/deployments/my%20gpt%2F5/chat/completions?api-version=2025-01-01-preview',
    );
    expect(azurePath('embeddings', 'e', parseAzureOptions({}))).toBe(
      '/openai/deployments/e/embeddings?api-version=2024-10-21',
    );
  });

  test('of responses are those of v1, whatever the version', () => {
    expect(azurePath('responses', 'e', {})).toBe('/openai/v1/responses');
  });

  test('of v1 names neither', () => {
    expect(azurePath('chat', 'e', { apiVersion: 'v1' })).toBe('/openai/v1/chat/completions');
  });
});

describe('parseAzureOptions', () => {
  test.each([
    [{ apiVersion: 'latest' }, 'options.apiVersion'],
    [{ apiVersion: 5 }, 'options.apiVersion'],
    [{ version: 'v1' }, 'options.version'],
    [{ auth: 'basic' }, 'options.auth'],
  ])('refuses %o', (options, field) => {
    expect(() => parseAzureOptions(options)).toThrow(
      expect.objectContaining({ code: 'config_invalid', field }),
    );
  });
});

test('an Entra ID token goes as a Bearer token, a key in its own header', () => {
  expect(azureKeyHeader(parseAzureOptions({ auth: 'entra' }))).toBeUndefined();
  expect(azureKeyHeader(parseAzureOptions({}))).toBe('api-key');
});

test('the rest of the API stands below the deployment where a model works for it, else beside', () => {
  const dated = parseAzureOptions({});
  const at = (path: string, query = '', options = dated) =>
    azureOwnPath({ path, query, model: 'my image' }, options);
  expect(at('/images/generations')).toBe(
    '/openai/deployments/my%20image/images/generations?api-version=2024-10-21',
  );
  expect(at('/fine_tuning/jobs', 'limit=2')).toBe('/openai/fine_tuning/jobs?api-version=2024-10-21&limit=2');
  expect(at('/files', 'a=b', parseAzureOptions({ apiVersion: 'v1' }))).toBe('/openai/v1/files?a=b');
});
