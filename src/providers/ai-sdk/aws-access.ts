/**
 * Credentials of AWS, with which the package signs each request (Signature Version 4): access keys, or those of the role
 * of the container or the instance. https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (from memory, 2026-11-25).
 */
import { TrimtabError } from '../../core/error.ts';
import { asString, readObject } from '../json.ts';
import type { UpstreamRequest } from '../provider.ts';
import { type Access, fixedAccess } from './access.ts';
import { type Grant, type TokenRoute, TokenSource } from './token-source.ts';
import type { VendorBinding } from './vendor.ts';

const CONTAINER_ORIGIN = 'http://169.254.170.2';
const INSTANCE_HOST = '169.254.169.254';
/** Where container credentials may be asked for without TLS: this machine, ECS, EKS. */
const PLAIN_HOSTS = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/;
const SESSION_S = 21_600;
const ACCESS_KEY = /^[A-Z0-9]{16,128}$/;
/** What a header can carry, and what cannot be mistaken for a placeholder. */
const PRINTABLE = /^[\x21-\x7e]{8,}$/;

/** By API key, by access keys, by the role of the container, or by that of the instance. Throws TrimtabError(config_invalid). */
export function awsAccess({ apiKey, credentials, options }: VendorBinding): Access {
  const { accessKeyId, secretAccessKey, sessionToken, containerUri, containerToken } = credentials;
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    return keyAccess({ accessKeyId, secretAccessKey, sessionToken });
  }
  if (containerUri !== undefined) return roleAccess(toContainerRoute(containerUri, containerToken));
  if (options.auth === 'instance') return roleAccess(toInstanceRoute(options.metadataHost ?? INSTANCE_HOST));
  if (apiKey !== null) return fixedAccess({ apiKey }, [apiKey]);
  throw invalid(
    'credentials',
    'bedrock needs an API key, `credentials.accessKeyId` with `secretAccessKey`, `credentials.containerUri` or `options.auth: "instance"`',
  );
}

interface Keys {
  accessKeyId: string | undefined;
  secretAccessKey: string | undefined;
  sessionToken: string | undefined;
}

function keyAccess(keys: Keys): Access {
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = keys;
  if (!ACCESS_KEY.test(accessKeyId)) throw wrong('accessKeyId');
  if (!PRINTABLE.test(secretAccessKey)) throw wrong('secretAccessKey');
  if (sessionToken !== undefined && !PRINTABLE.test(sessionToken)) throw wrong('sessionToken');
  const secrets = [accessKeyId, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  return fixedAccess(toSettings({ ...keys, accessKeyId, secretAccessKey }), secrets);
}

function roleAccess(route: TokenRoute): Access {
  const tokens = new TokenSource(route, 'bedrock');
  return {
    settings() {
      const { accessKeyId, secretAccessKey, sessionToken } = tokens.values;
      return toSettings({ accessKeyId, secretAccessKey, sessionToken });
    },
    headers: () => ({}),
    secrets: () => Object.values(tokens.values),
    begin: () => tokens.begin(),
  };
}

/** An empty key keeps the package from taking one from the environment, and signing from being left out. */
function toSettings({ accessKeyId, secretAccessKey, sessionToken }: Keys): Record<string, unknown> {
  return {
    apiKey: '',
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function toContainerRoute(uri: string, token: string | undefined): TokenRoute {
  const url = URL.parse(uri, CONTAINER_ORIGIN);
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong('containerUri');
  if (url.protocol === 'http:' && !PLAIN_HOSTS.test(url.hostname)) {
    throw invalid('credentials.containerUri', '`credentials.containerUri` is an address without TLS');
  }
  if (token !== undefined && !PRINTABLE.test(token)) throw wrong('containerToken');
  const ask: UpstreamRequest = {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'GET',
    headers: token === undefined ? [] : ['authorization', token],
    body: null,
  };
  return { from: 'the container credentials', steps: [() => ask], toGrant };
}

/** A session first (IMDSv2), then the name of the role, then its credentials. */
function toInstanceRoute(host: string): TokenRoute {
  const origin = `http://${host}`;
  const roles = '/latest/meta-data/iam/security-credentials/';
  const read = (path: string, session: string | undefined): UpstreamRequest => ({
    origin,
    path,
    method: 'GET',
    headers: ['x-aws-ec2-metadata-token', onlyWord(session)],
    body: null,
  });
  const open: UpstreamRequest = {
    origin,
    path: '/latest/api/token',
    method: 'PUT',
    headers: ['x-aws-ec2-metadata-token-ttl-seconds', String(SESSION_S)],
    body: null,
  };
  return {
    from: 'the instance metadata',
    steps: [
      () => open,
      ([session]) => read(roles, session),
      ([session, role]) => read(roles + encodeURIComponent(onlyWord(role)), session),
    ],
    toGrant,
  };
}

/** The first line of an answer, as far as it can stand in a header or a path. */
function onlyWord(answer: string | undefined): string {
  return /^[\x21-\x7e]+/.exec(answer ?? '')?.[0] ?? '';
}

function toGrant(answer: string): Grant | null {
  const found = readObject(answer) ?? {};
  const accessKeyId = asString(found.AccessKeyId) ?? '';
  const secretAccessKey = asString(found.SecretAccessKey) ?? '';
  const sessionToken = asString(found.Token) ?? '';
  const expiresAt = Date.parse(asString(found.Expiration) ?? '');
  const isWhole =
    ACCESS_KEY.test(accessKeyId) && PRINTABLE.test(secretAccessKey) && PRINTABLE.test(sessionToken);
  if (!isWhole || !Number.isFinite(expiresAt)) return null;
  return { values: { accessKeyId, secretAccessKey, sessionToken }, expiresAt };
}

function wrong(name: string): TrimtabError {
  return invalid(
    `credentials.${name}`,
    `\`credentials.${name}\` is missing or not of its form (value not shown)`,
  );
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('config_invalid', message, { field });
}
