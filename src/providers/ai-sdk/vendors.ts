/**
 * Vendors whose API is not the OpenAI one, one entry each. `source` is the vendor's API reference, `data.source` where
 * it states retention and training; `null` is what depends on the account or could not be confirmed.
 */
import { awsAccess } from './aws-access.ts';
import { googleAccess, projectOf } from './google-access.ts';
import { toEffortBudget, toThinkingConfig } from './reasoning.ts';
import type { EmbeddingWords, Vendor } from './vendor.ts';

const AS_OF = '2026-11-25';

export const vendors: readonly Vendor[] = [
  {
    type: 'google',
    label: 'Google Gemini (native API)',
    package: '@ai-sdk/google',
    create: 'createGoogleGenerativeAI',
    optionsName: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    apiKeyEnv: ['GOOGLE_GENERATIVE_AI_API_KEY'],
    prices: 'google',
    offers: /^(gemini|gemma)-/,
    // Paid and unpaid use differ in training and retention, and a key does not tell which it is.
    data: {
      party: 'third',
      hosts: /^generativelanguage\.googleapis\.com$/,
      retentionDays: null,
      trainsOnData: null,
      source: null,
    },
    can: 'streaming tools parallelTools jsonMode jsonSchema images files audio reasoning stop seed',
    reasoning: toThinkingConfig,
    settings: ({ baseUrl }) => ({ baseURL: baseUrl }),
    modelsPath: '/models?pageSize=1000',
    probeHeader: 'x-goog-api-key',
    embeds: googleWords,
    suggestedModels: ['gemini-2.5-flash-lite', 'gemini-3.8-flash'],
    source: 'https://ai.google.dev/api/generate-content',
    asOf: AS_OF,
  },
  {
    type: 'vertex',
    label: 'Google Vertex AI',
    package: '@ai-sdk/google-vertex/edge',
    create: 'createVertex',
    optionsName: 'google',
    baseUrl: 'https://aiplatform.googleapis.com',
    apiKeyEnv: ['GOOGLE_VERTEX_API_KEY'],
    prices: 'google',
    offers: /^(gemini|gemma)-/,
    data: {
      party: 'private',
      hosts: /(^|[.-])aiplatform\.([a-z]+\.rep\.)?googleapis\.com$/,
      retentionDays: null,
      trainsOnData: null,
      source: null,
    },
    can: 'streaming tools parallelTools jsonMode jsonSchema images files audio reasoning stop seed',
    reasoning: toThinkingConfig,
    options: { project: null, location: 'global', auth: null, metadataHost: null },
    credentials: ['serviceAccount', 'accessToken'],
    address: ({ location }) => vertexAddress(location ?? 'global'),
    access: googleAccess,
    settings: ({ baseUrl, options, credentials }) => {
      const project = options.project ?? projectOf(credentials.serviceAccount);
      const place = project === null ? '' : `/projects/${project}/locations/${options.location}`;
      return { baseURL: `${baseUrl}/v1${place}/publishers/google` };
    },
    modelsPath: null,
    embeds: googleWords,
    suggestedModels: ['gemini-2.5-flash-lite', 'gemini-3.8-flash'],
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    asOf: AS_OF,
  },
  {
    type: 'bedrock',
    label: 'Amazon Bedrock',
    package: '@ai-sdk/amazon-bedrock',
    create: 'createAmazonBedrock',
    optionsName: 'bedrock',
    baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
    apiKeyEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
    prices: 'aws',
    data: {
      party: 'private',
      hosts: /\.amazonaws\.com(\.cn)?$/,
      retentionDays: null,
      trainsOnData: null,
      source: null,
    },
    // Without a schema there is nothing in its API that asks for JSON.
    can: 'streaming tools parallelTools jsonSchema images files reasoning stop promptCache',
    reasoning: toEffortBudget,
    embeds: bedrockWords,
    answerHeaders: ['x-amzn-bedrock-input-token-count'],
    streamType: 'application/vnd.amazon.eventstream',
    options: { region: 'us-east-1', auth: null, metadataHost: null },
    credentials: ['accessKeyId', 'secretAccessKey', 'sessionToken', 'containerUri', 'containerToken'],
    address: ({ region }) =>
      `https://bedrock-runtime.${region}.amazonaws.com${region?.startsWith('cn-') ? '.cn' : ''}`,
    access: awsAccess,
    settings: ({ options, baseUrl }) => ({ region: options.region, baseURL: baseUrl }),
    modelsPath: null,
    suggestedModels: ['amazon.nova-micro-v1:0', 'global.anthropic.claude-haiku-4-5-20251001-v1:0'],
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
    asOf: AS_OF,
  },
  {
    type: 'cohere',
    label: 'Cohere',
    package: '@ai-sdk/cohere',
    create: 'createCohere',
    optionsName: 'cohere',
    baseUrl: 'https://api.cohere.com/v2',
    apiKeyEnv: ['COHERE_API_KEY'],
    prices: 'cohere',
    data: {
      party: 'third',
      hosts: /^api\.cohere\.(com|ai)$/,
      retentionDays: null,
      trainsOnData: null,
      source: null,
    },
    can: 'streaming tools parallelTools jsonMode jsonSchema reasoning stop seed',
    reasoning: (effort) =>
      effort === 'none' ? { thinking: { type: 'disabled' } } : { thinking: { type: 'enabled' } },
    embeds: () => ({ dimensions: 'outputDimension', inputType: 'inputType' }),
    settings: ({ baseUrl }) => ({ baseURL: baseUrl }),
    modelsPath: null,
    suggestedModels: ['command-r7b', 'command-a'],
    source: 'https://docs.cohere.com/reference/chat',
    asOf: AS_OF,
  },
];

function googleWords(): EmbeddingWords {
  return { dimensions: 'outputDimensionality', inputType: 'taskType' };
}

/** Each family of models has its own words there. Only the second Titan has a choice of dimensions. */
function bedrockWords(model: string): EmbeddingWords {
  if (model.includes('cohere.embed-')) return { dimensions: 'outputDimension', inputType: 'inputType' };
  if (model.includes('amazon.nova-'))
    return { dimensions: 'embeddingDimension', inputType: 'embeddingPurpose' };
  return { dimensions: model.includes('titan-embed-text-v2') ? 'dimensions' : null, inputType: null };
}

/** The host of a location: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (from memory, 2026-11-25). */
function vertexAddress(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'eu' || location === 'us') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}
