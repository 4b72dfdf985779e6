/**
 * OAuth access tokens of Google Cloud: of a service account's key (RFC 7523), of a person's refresh token, of the machine
 * the server runs on. https://developers.google.com/identity/protocols/oauth2/service-account and
 * https://cloud.google.com/compute/docs/access/authenticate-workloads (from memory, 2026-11-25).
 */
import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { TrimtabError } from '../../core/error.ts';
import { parseAddress } from '../address.ts';
import { asCount, asString, type JsonObject, readObject } from '../json.ts';
import type { UpstreamRequest } from '../provider.ts';
import { type Access, fixedAccess } from './access.ts';
import { type TokenRoute, TokenSource } from './token-source.ts';
import type { VendorBinding } from './vendor.ts';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
/** The longest that Google takes. */
const LIFETIME_S = 3600;
const METADATA_HOST = 'metadata.google.internal';
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** By key, by a token somebody else keeps fresh, by a key file, or by the machine's own account. Throws TrimtabError(config_invalid). */
export function googleAccess({ apiKey, credentials, options }: VendorBinding): Access {
  const { accessToken, serviceAccount } = credentials;
  if (serviceAccount !== undefined) return tokenAccess(toKeyRoute(serviceAccount), [serviceAccount]);
  if (accessToken !== undefined) return bearerAccess(() => accessToken);
  if (options.auth === 'metadata') return tokenAccess(toMetadataRoute(options.metadataHost ?? METADATA_HOST));
  if (apiKey !== null) return fixedAccess({ apiKey }, [apiKey]);
  throw invalid(
    'credentials',
    'vertex needs an API key, `credentials.serviceAccount`, `credentials.accessToken` or `options.auth: "metadata"`',
  );
}

/** The project of a key file; `null`: it names none. */
export function projectOf(serviceAccount: string | undefined): string | null {
  return asString(readObject(serviceAccount ?? '')?.project_id) ?? null;
}

function tokenAccess(route: TokenRoute, secrets: readonly string[] = []): Access {
  const tokens = new TokenSource(route, 'vertex');
  return bearerAccess(() => tokens.values.accessToken, { secrets, begin: () => tokens.begin() });
}

function bearerAccess(
  token: () => string | undefined,
  { secrets, begin }: Pick<Access, 'begin'> & { secrets: readonly string[] } = {
    secrets: [],
    begin: () => null,
  },
): Access {
  return {
    // The package asks Google for a token itself, past the egress check, unless it believes to have a key.
    settings: () => ({ apiKey: 'none' }),
    headers: () => ({ 'x-goog-api-key': null, authorization: `Bearer ${token() ?? ''}` }),
    secrets: () => [...secrets, ...[token()].filter((value) => value !== undefined)],
    begin,
  };
}

/** A key file as Google Cloud writes it: of a service account, or of a person (`gcloud auth application-default login`). */
function toKeyRoute(text: string): TokenRoute {
  const key = readObject(text);
  if (!key)
    throw invalid('credentials.serviceAccount', '`credentials.serviceAccount` is not a JSON key file');
  if (key.type === 'authorized_user') return toRefreshRoute(key);
  const email = asString(key.client_email);
  const pem = asString(key.private_key);
  if (email === undefined || pem === undefined) {
    throw invalid(
      'credentials.serviceAccount',
      '`credentials.serviceAccount` is a key file of a kind that is not known: neither `service_account` nor `authorized_user`',
    );
  }
  const audience = asString(key.token_uri) ?? TOKEN_URL;
  const account = { email, audience, keyId: asString(key.private_key_id), key: toPrivateKey(pem) };
  return toRoute(audience, (now) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: signAssertion(account, now),
  }));
}

function toRefreshRoute(key: JsonObject): TokenRoute {
  const { client_id: id, client_secret: secret, refresh_token: token } = key;
  if (typeof id !== 'string' || typeof secret !== 'string' || typeof token !== 'string') {
    throw invalid(
      'credentials.serviceAccount',
      '`credentials.serviceAccount` is a key file without a refresh token',
    );
  }
  return toRoute(asString(key.token_uri) ?? TOKEN_URL, () => ({
    grant_type: 'refresh_token',
    client_id: id,
    client_secret: secret,
    refresh_token: token,
  }));
}

function toRoute(url: string, toForm: (now: number) => Record<string, string>): TokenRoute {
  const { origin, path } = parseAddress(url, 'vertex');
  if (!origin.startsWith('https:') && !LOOPBACK.test(new URL(origin).hostname)) {
    throw invalid(
      'credentials.serviceAccount',
      '`credentials.serviceAccount` names a token address without TLS',
    );
  }
  const ask = (now: number): UpstreamRequest => ({
    origin,
    path,
    method: 'POST',
    headers: ['content-type', 'application/x-www-form-urlencoded'],
    body: Buffer.from(new URLSearchParams(toForm(now)).toString()),
  });
  return { from: 'the token address', steps: [(_, now) => ask(now)], toGrant };
}

function toMetadataRoute(host: string): TokenRoute {
  const ask: UpstreamRequest = {
    origin: `http://${host}`,
    path: '/computeMetadata/v1/instance/service-accounts/default/token',
    method: 'GET',
    headers: ['metadata-flavor', 'Google'],
    body: null,
  };
  return { from: 'the metadata server', steps: [() => ask], toGrant };
}

function toGrant(answer: string, now: number): ReturnType<TokenRoute['toGrant']> {
  const { access_token: accessToken, expires_in: seconds } = readObject(answer) ?? {};
  const lifetimeS = asCount(seconds);
  if (typeof accessToken !== 'string' || accessToken === '' || lifetimeS === undefined) return null;
  return { values: { accessToken }, expiresAt: now + lifetimeS * 1000 };
}

interface Account {
  email: string;
  audience: string;
  keyId: string | undefined;
  key: KeyObject;
}

/** About a millisecond of work, once in the life of a token. */
function signAssertion({ email, audience, keyId, key }: Account, now: number): string {
  const issuedAt = Math.floor(now / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) };
  const claims = { iss: email, scope: SCOPE, aud: audience, iat: issuedAt, exp: issuedAt + LIFETIME_S };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

function toPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Said below: what a parser makes of a broken key may quote it.
  }
  throw invalid('credentials.serviceAccount', '`credentials.serviceAccount` holds no RSA private key');
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('config_invalid', message, { field });
}
