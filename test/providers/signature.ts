/**
 * Signature Version 4 as AWS checks it, written from its description and from nothing that signs:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (from memory, 2026-11-25).
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Signed {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Scope {
  accessKeyId: string;
  region: string;
  service: string;
}

/** Whose signature the request carries, and for what; `null`: none, or not the one this secret makes. */
export function verifySignature({ method, path, headers, body }: Signed, secretKey: string): Scope | null {
  const { authorization = '' } = headers;
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (!found) return null;
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = found;
  const [pathname = '', query = ''] = path.split('?');
  const at = String(headers['x-amz-date']);
  if (!names.split(';').includes('host') || !at.startsWith(day)) return null;
  const canonical = [
    method,
    pathname.split('/').map(encode).join('/'),
    query.split('&').sort().join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    hash(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, hash(Buffer.from(canonical))].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(mac, `AWS4${secretKey}`);
  return mac(key, text).toString('hex') === signature ? { accessKeyId, region, service } : null;
}

/** As RFC 3986 has it; what is encoded already is encoded again. */
function encode(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
