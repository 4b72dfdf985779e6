import { TrimtabError } from '../../src/core/error.ts';
import { DATA_CLASSES } from '../../src/core/protocol.ts';
import type { DataPolicy, ProviderCatalog, ProviderTypeInfo } from '../../src/stack/stack.ts';

const third: DataPolicy = {
  party: 'third',
  allow: ['public', 'internal'],
  regions: [],
  retentionDays: 30,
  trainsOnData: false,
};
const own: DataPolicy = {
  party: 'own',
  allow: [...DATA_CLASSES],
  regions: [],
  retentionDays: null,
  trainsOnData: null,
};
const unknown: DataPolicy = { party: null, allow: [], regions: [], retentionDays: null, trainsOnData: null };

function info(type: string, over: Partial<ProviderTypeInfo>): ProviderTypeInfo {
  return {
    type,
    label: type,
    defaultBaseUrl: null,
    needsApiKey: false,
    apiKeyEnv: [],
    localPorts: [],
    defaultDataPolicy: () => unknown,
    protocols: ['chat'],
    parseOptions: (options) => {
      const [key] = Object.keys(options);
      if (key !== undefined) throw new TrimtabError('config_invalid', `unknown option`, { field: key });
      return {};
    },
    suggestedModels: [],
    ...over,
  };
}

/** Vendors that do not exist, for tests of the config alone. */
export const testCatalog: ProviderCatalog = {
  types: () => [
    info('acme', {
      defaultBaseUrl: 'https://api.acme.test/v1',
      needsApiKey: true,
      apiKeyEnv: ['ACME_API_KEY'],
      defaultDataPolicy: () => third,
      suggestedModels: ['acme-mini', 'acme-large'],
    }),
    info('basalt', {
      defaultBaseUrl: 'https://basalt.test',
      needsApiKey: true,
      apiKeyEnv: ['BASALT_API_KEY', 'BASALT_KEY'],
      defaultDataPolicy: () => third,
      suggestedModels: ['b1'],
    }),
    info('hosted', { localPorts: [8000], defaultDataPolicy: () => own }),
    info('hosted-too', { localPorts: [8000, 8001], defaultDataPolicy: () => own }),
    info('generic', { credentials: ['keyFile', 'token'] }),
    info('sandbox', {
      defaultBaseUrl: 'http://sandbox.invalid',
      defaultDataPolicy: () => own,
      parseOptions: (options) => ({ timeScale: 1, ...options }),
      suggestedModels: ['small', 'large'],
    }),
  ],
};

export const testPolicies = ['ordered', 'weighted'];
