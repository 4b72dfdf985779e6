/** Credentials of private clouds, over real HTTP: a vendor that checks signatures and tokens by itself, and what hands them out. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findProvider } from '../../src/providers/index.ts';
import type { ProviderSecrets } from '../../src/stack/stack.ts';
import { deployment, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { verifySignature } from './signature.ts';

const ASKED = { model: 'reply', messages: [{ role: 'user' as const, content: 'Say hello.' }] };
const ACCESS_KEY = 'AKIATESTTESTTEST0001';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const SESSION = 'session-token-of-the-role-0123456789==';
const TOKEN = 'ya29.token-of-the-account-0123456789';

interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Answers by path; 404 for the rest. */
let answers: Record<string, { status?: number; body: unknown }>;
let seen: Seen[];
let origin: string;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url: path = '', headers } = request;
  seen.push({ method, path, headers, body: Buffer.concat(chunks) });
  const { status = 200, body } = answers[`${method} ${path}`] ?? { status: 404, body: {} };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  answers = {
    [BEDROCK]: {
      body: {
        output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 20, outputTokens: 10, totalTokens: 30 },
        metrics: { latencyMs: 1 },
      },
    },
    [VERTEX]: {
      body: {
        candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 10, totalTokenCount: 30 },
      },
    },
  };
});

const BEDROCK = 'POST /model/eu.amazon.nova-micro-v1%3A0/converse';
const VERTEX =
  'POST /v1/projects/acme-1/locations/eu/publishers/google/models/gemini-2.5-flash:generateContent';

interface Settings {
  options?: Record<string, unknown>;
  credentials?: Record<string, string>;
  party?: 'own' | null;
}

async function over(type: 'bedrock' | 'vertex', { options = {}, credentials, party = 'own' }: Settings) {
  const model = type === 'bedrock' ? 'eu.amazon.nova-micro-v1:0' : 'gemini-2.5-flash';
  const place = type === 'bedrock' ? { region: 'eu-central-1' } : { location: 'eu' };
  const given = provider(origin, { type, options: { ...place, ...options } });
  const dataPolicy = party === null ? { ...given.dataPolicy, party } : given.dataPolicy;
  const secrets: ProviderSecrets = { apiKey: null, headers: {}, ...(credentials && { credentials }) };
  return startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: { ...given, dataPolicy } },
      deployments: { a: deployment('vendor', { model }) },
      tasks: { reply: task(['a']) },
      secrets: { vendor: secrets },
    }),
  });
}

const pathsOf = (): string[] => seen.map(({ method, path }) => `${method} ${path}`);
const last = (): Seen => seen.at(-1) as Seen;
const soon = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe('Bedrock', () => {
  const keys = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY };

  test.each([
    ['access keys', keys],
    ['access keys of a session', { ...keys, sessionToken: SESSION }],
  ])('signs with %s, whatever the environment holds', async (_, credentials) => {
    const before = process.env.AWS_BEARER_TOKEN_BEDROCK;
    process.env.AWS_BEARER_TOKEN_BEDROCK = 'bearer-of-the-environment';
    onTestFinished(() => {
      if (before === undefined) delete process.env.AWS_BEARER_TOKEN_BEDROCK;
      else process.env.AWS_BEARER_TOKEN_BEDROCK = before;
    });
    const { openai } = await over('bedrock', { credentials });
    const answer = await openai.chat.completions.create(ASKED);
    expect(answer.choices[0]?.message.content).toBe('Hello');
    const scope = { accessKeyId: ACCESS_KEY, region: 'eu-central-1', service: 'bedrock' };
    expect(verifySignature(last(), SECRET_KEY)).toEqual(scope);
    expect(verifySignature({ ...last(), body: Buffer.from('{}') }, SECRET_KEY)).toBeNull();
    expect(last().headers['x-amz-security-token']).toBe('sessionToken' in credentials ? SESSION : undefined);
    expect(JSON.stringify(last().headers)).not.toContain('of-the-environment');
  });

  test('signs what streams', async () => {
    const { openai } = await over('bedrock', { credentials: keys });
    await expect(openai.chat.completions.create({ ...ASKED, stream: true })).rejects.toThrow();
    expect(last().path).toMatch(/converse-stream$/);
    expect(verifySignature(last(), SECRET_KEY)).not.toBeNull();
  });

  test('a refusal that quotes the keys shows none of them', async () => {
    const { openai, records, logs } = await over('bedrock', {
      credentials: { ...keys, sessionToken: SESSION },
    });
    for (const status of [400, 403]) {
      answers[BEDROCK] = { status, body: { message: `no ${ACCESS_KEY} ${SECRET_KEY} ${SESSION}` } };
      const error = await openai.chat.completions.create(ASKED).catch((thrown: unknown) => thrown);
      const shown = `${String(error)} ${JSON.stringify(error)} ${JSON.stringify([records, logs])}`;
      expect(shown).toMatch(/upstream_(rejected|auth)/);
      for (const secret of [ACCESS_KEY, SECRET_KEY, SESSION]) expect(shown).not.toContain(secret);
    }
  });

  const role = { AccessKeyId: ACCESS_KEY, SecretAccessKey: SECRET_KEY, Token: SESSION };

  test('asks for the role of its container once, and signs with it', async () => {
    answers['GET /v2/credentials/abc'] = { body: { ...role, Expiration: soon() } };
    const credentials = { containerUri: `${origin}/v2/credentials/abc`, containerToken: 'token-of-the-pod' };
    const { openai } = await over('bedrock', { credentials });
    await openai.chat.completions.create(ASKED);
    await openai.chat.completions.create(ASKED);
    expect(pathsOf()).toEqual(['GET /v2/credentials/abc', BEDROCK, BEDROCK]);
    expect(seen[0]?.headers.authorization).toBe('token-of-the-pod');
    expect(verifySignature(last(), SECRET_KEY)?.accessKeyId).toBe(ACCESS_KEY);
    expect(last().headers['x-amz-security-token']).toBe(SESSION);
  });

  test('asks for the role of its instance: a session, the name, the keys', async () => {
    const roles = '/latest/meta-data/iam/security-credentials/';
    answers['PUT /latest/api/token'] = { body: 'session-of-metadata' };
    answers[`GET ${roles}`] = { body: 'my-role\n' };
    answers[`GET ${roles}my-role`] = { body: { ...role, Expiration: soon() } };
    const { openai } = await over('bedrock', {
      options: { auth: 'instance', metadataHost: new URL(origin).host },
    });
    await openai.chat.completions.create(ASKED);
    expect(pathsOf()).toEqual(['PUT /latest/api/token', `GET ${roles}`, `GET ${roles}my-role`, BEDROCK]);
    expect(seen[2]?.headers['x-aws-ec2-metadata-token']).toBe('session-of-metadata');
    expect(verifySignature(last(), SECRET_KEY)).not.toBeNull();
  });
});

describe('Vertex AI', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keyFile = (): Record<string, string> => ({
    type: 'service_account',
    project_id: 'acme-1',
    private_key_id: 'key-id-1',
    private_key: pem,
    client_email: 'trimtab@acme-1.iam.gserviceaccount.com',
    token_uri: `${origin}/token`,
  });
  const granted = { body: { access_token: TOKEN, expires_in: 3599, token_type: 'Bearer' } };

  test('signs for a token with the key of a service account, once, and calls with it', async () => {
    answers['POST /token'] = granted;
    const { openai } = await over('vertex', { credentials: { serviceAccount: JSON.stringify(keyFile()) } });
    await openai.chat.completions.create(ASKED);
    await openai.chat.completions.create(ASKED);
    expect(pathsOf()).toEqual(['POST /token', VERTEX, VERTEX]);
    const form = new URLSearchParams(seen[0]?.body.toString());
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${header}.${claims}`),
      key,
      Buffer.from(signature, 'base64url'),
    );
    expect(isSigned).toBe(true);
    const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(decode(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-id-1' });
    const { iat, exp, ...rest } = decode(claims) as { iat: number; exp: number };
    expect(rest).toEqual({
      iss: 'trimtab@acme-1.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: `${origin}/token`,
    });
    expect(exp - iat).toBe(3600);
    expect(last().headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(last().headers['x-goog-api-key']).toBeUndefined();
  });

  test('renews by the refresh token of a person', async () => {
    answers['POST /token'] = granted;
    const file = {
      type: 'authorized_user',
      client_id: 'id-1',
      client_secret: 'secret-of-client',
      refresh_token: '1//refresh-token',
      token_uri: `${origin}/token`,
    };
    const { openai } = await over('vertex', {
      options: { project: 'acme-1' },
      credentials: { serviceAccount: JSON.stringify(file) },
    });
    await openai.chat.completions.create(ASKED);
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id-1',
      client_secret: 'secret-of-client',
      refresh_token: '1//refresh-token',
    });
    expect(last().headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  test('asks the machine it runs on, and takes a token as it is', async () => {
    const path = '/computeMetadata/v1/instance/service-accounts/default/token';
    answers[`GET ${path}`] = granted;
    const options = { project: 'acme-1', auth: 'metadata', metadataHost: new URL(origin).host };
    const own = await over('vertex', { options });
    await own.openai.chat.completions.create(ASKED);
    expect(pathsOf()).toEqual([`GET ${path}`, VERTEX]);
    expect(seen[0]?.headers['metadata-flavor']).toBe('Google');
    expect(last().headers.authorization).toBe(`Bearer ${TOKEN}`);
    const given = await over('vertex', {
      options: { project: 'acme-1' },
      credentials: { accessToken: 'ya29.given-0123456789' },
    });
    await given.openai.chat.completions.create(ASKED);
    expect(last().headers.authorization).toBe('Bearer ya29.given-0123456789');
  });

  test.each([
    [
      400,
      { error: 'invalid_grant', error_description: `Invalid JWT ${'x'.repeat(20)}` },
      502,
      'upstream_auth',
    ],
    [503, 'down', 503, 'upstream_overloaded'],
    [200, { token: 'none' }, 502, 'upstream_malformed'],
  ])(
    'a token address that answers %i ends the attempt, and nothing else is sent',
    async (status, body, shown, code) => {
      answers['POST /token'] = { status, body };
      const { openai, records } = await over('vertex', {
        credentials: { serviceAccount: JSON.stringify(keyFile()) },
      });
      for (const stream of [false, true]) {
        await expect(openai.chat.completions.create({ ...ASKED, stream })).rejects.toMatchObject({
          status: shown,
          code,
        });
      }
      expect(pathsOf()).toEqual(['POST /token', 'POST /token']);
      expect(records.map(({ attempts }) => attempts[0]?.usage)).toEqual([{}, {}]);
      expect(JSON.stringify(records)).not.toContain('PRIVATE KEY');
    },
  );

  test('no token is asked for on behalf of data that may not go there', async () => {
    answers['POST /token'] = granted;
    const { openai } = await over('vertex', {
      party: null,
      credentials: { serviceAccount: JSON.stringify(keyFile()) },
    });
    await expect(openai.chat.completions.create(ASKED)).rejects.toMatchObject({
      code: 'data_policy_refused',
    });
    expect(seen).toEqual([]);
  });
});

test.each([
  ['bedrock', {}, 'needs an API key'],
  ['bedrock', { accessKeyId: ACCESS_KEY }, 'credentials.secretAccessKey'],
  ['bedrock', { accessKeyId: 'bad key', secretAccessKey: SECRET_KEY }, 'credentials.accessKeyId'],
  ['bedrock', { containerUri: 'http://elsewhere.example/x' }, 'without TLS'],
  ['vertex', {}, 'needs an API key'],
  ['vertex', { serviceAccount: 'not json' }, 'not a JSON key file'],
  ['vertex', { serviceAccount: '{"type":"external_account"}' }, 'a kind that is not known'],
  [
    'vertex',
    { serviceAccount: '{"client_email":"a@b","private_key":"secret-but-no-key"}' },
    'no RSA private key',
  ],
])(
  '%s with credentials %j cannot be connected, and says why without showing them',
  (type, credentials, says) => {
    const found = findProvider(type);
    const config = provider('https://x.example', { type, options: found?.parseOptions({}) ?? {} });
    const connect = () => found?.connect(config, { apiKey: null, headers: {}, credentials });
    expect(connect).toThrow(says);
    expect(connect).not.toThrow('secret-but-no-key');
  },
);
