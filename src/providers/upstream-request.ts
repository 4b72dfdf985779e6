import type { Readable } from 'node:stream';

/** A request as a provider builds it, for the gateway to send. */
export interface UpstreamRequest {
  /** `https://api.openai.com` */
  origin: string;
  path: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Flat undici form: name, value, name, value. */
  headers: string[];
  /** A stream is read when the connection stands, once. */
  body: Buffer | Buffer[] | Readable | null;
}
