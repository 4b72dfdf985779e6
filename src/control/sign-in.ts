/**
 * Who may use the control API. Three ways in: the admin token as a Bearer token, the per-boot CLI token (a file only
 * this machine's user can read), or a session cookie that the admin token bought. Deny by default: the app asks
 * {@link SignIn.admit} before every route that is not marked open, by the parsed route and never by a header.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import { hashSecret, sameHash } from '../governance/keys.ts';
import type { SettingStore } from '../store/store.ts';

export const SESSION_COOKIE = 'trimtab_session';
/** A session ends this long after sign-in. */
export const SESSION_MS = 24 * 3_600_000;
/**
 * Different wrong admin tokens taken per minute, over all callers, before any further wrong one gets 429. The right one
 * always passes: whoever can reach the port must not be able to lock its owner out, and guessing 160 random bits (or
 * the 16 characters a chosen token must have) is hopeless at any rate this server answers. The same wrong one again is
 * a client with a stale setting, not a guess.
 */
const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;

export interface SignInOptions {
  settings: SettingStore;
  clock: Clock;
  cliToken: string | null;
}

export interface SignIn {
  /** Throws TrimtabError(not_signed_in | forbidden_origin | too_many_sign_ins) unless the request may pass. */
  admit(request: Request): void;
  /** Whether {@link admit} would let it pass as a session or token; never throws. */
  isSignedIn(request: Request): boolean;
  /** Checks the admin token; returns the `set-cookie` value of a new session. */
  signIn(token: string, request: Request): string;
  /** Ends the request's session; returns the `set-cookie` value that clears the cookie. */
  signOut(request: Request): Promise<string>;
  /** Reads the stored secrets again: another process may have changed them. */
  refresh(): Promise<void>;
}

/** Names of the settings that sign-in keeps. Both hold hashes or random secrets, never the token. */
export const SETTINGS = {
  adminTokenHash: 'admin_token_sha256',
  sessionSecret: 'session_secret',
  endedSessions: 'ended_sessions',
} as const;

/** Reads the stored secrets, making the session secret on first use. */
export async function createSignIn(options: SignInOptions): Promise<SignIn> {
  const signIn = new StoredSignIn(options);
  await signIn.refresh();
  return signIn;
}

class StoredSignIn implements SignIn {
  private readonly options: SignInOptions;
  private readonly cliTokenHash: string | null;
  private adminTokenHash: string | undefined;
  private sessionKey = '';
  /** Hashes of wrong tokens, and when each first came. */
  private failures = new Map<string, number>();
  private ended = new Map<string, number>();

  constructor(options: SignInOptions) {
    this.options = options;
    this.cliTokenHash = options.cliToken === null ? null : hashSecret(options.cliToken);
  }

  async refresh(): Promise<void> {
    const { settings } = this.options;
    this.adminTokenHash = await settings.get(SETTINGS.adminTokenHash);
    const secret = await settings.setIfAbsent(SETTINGS.sessionSecret, randomBytes(32).toString('hex'));
    // A changed admin token ends every session: its hash is part of the key that signs them.
    this.sessionKey = `${secret}.${this.adminTokenHash ?? ''}`;
    for (const [id, until] of readEnded(await settings.get(SETTINGS.endedSessions)))
      this.ended.set(id, until);
  }

  admit(request: Request): void {
    const bearer = bearerOf(request);
    if (bearer !== null) {
      if (this.isCliToken(bearer)) return;
      this.checkAdminToken(bearer);
      return;
    }
    if (!this.hasSession(request)) {
      throw new TrimtabError('not_signed_in', 'this needs a signed-in session or a Bearer token');
    }
    if (!isReadOnly(request.method)) checkSameOrigin(request);
  }

  isSignedIn(request: Request): boolean {
    const bearer = bearerOf(request);
    if (bearer === null) return this.hasSession(request);
    return this.isCliToken(bearer) || this.isAdminToken(bearer);
  }

  signIn(token: string, request: Request): string {
    this.checkAdminToken(token);
    const expiresAt = this.options.clock.now() + SESSION_MS;
    const content = `${randomBytes(18).toString('base64url')}.${expiresAt}`;
    return cookie(`${content}.${this.sign(content)}`, SESSION_MS / 1000, request);
  }

  async signOut(request: Request): Promise<string> {
    const session = this.readSession(request);
    if (session) {
      this.ended.set(session.id, session.expiresAt);
      const now = this.options.clock.now();
      for (const [id, until] of this.ended) if (until <= now) this.ended.delete(id);
      await this.options.settings.set(SETTINGS.endedSessions, JSON.stringify([...this.ended]));
    }
    return cookie('', 0, request);
  }

  private isAdminToken(token: string): boolean {
    return this.adminTokenHash !== undefined && sameHash(hashSecret(token), this.adminTokenHash);
  }

  private isCliToken(token: string): boolean {
    return this.cliTokenHash !== null && sameHash(hashSecret(token), this.cliTokenHash);
  }

  /** The limit is over all callers: behind a proxy every caller has the same address. */
  private checkAdminToken(token: string): void {
    if (this.isAdminToken(token)) return;
    const now = this.options.clock.now();
    for (const [hash, at] of this.failures) if (at <= now - FAILURE_WINDOW_MS) this.failures.delete(hash);
    const [oldest = now] = this.failures.values();
    if (this.failures.size >= MAX_FAILURES) {
      throw new TrimtabError('too_many_sign_ins', `${MAX_FAILURES} wrong admin tokens within a minute`, {
        retryAfterSeconds: Math.ceil((oldest + FAILURE_WINDOW_MS - now) / 1000),
      });
    }
    const hash = hashSecret(token);
    if (!this.failures.has(hash)) this.failures.set(hash, now);
    throw new TrimtabError('not_signed_in', 'the admin token is not the one this server knows');
  }

  private hasSession(request: Request): boolean {
    return this.readSession(request) !== undefined;
  }

  private readSession(request: Request): { id: string; expiresAt: number } | undefined {
    const value = cookieOf(request);
    const [id, expiry, signature, ...rest] = value?.split('.') ?? [];
    if (!id || !expiry || !signature || rest.length > 0) return undefined;
    if (!sameText(signature, this.sign(`${id}.${expiry}`))) return undefined;
    const expiresAt = Number(expiry);
    if (!(expiresAt > this.options.clock.now()) || this.ended.has(id)) return undefined;
    return { id, expiresAt };
  }

  private sign(content: string): string {
    return createHmac('sha256', this.sessionKey).update(content).digest('base64url');
  }
}

function bearerOf(request: Request): string | null {
  const header = request.headers.get('authorization');
  const match = header === null ? null : /^Bearer +(\S+) *$/i.exec(header);
  return match?.[1] ?? (header === null ? null : '');
}

function cookieOf(request: Request): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE) return value;
  }
  return undefined;
}

function cookie(value: string, maxAgeSeconds: number, request: Request): string {
  // A proxy that ends TLS says so; a caller that lies about it only makes its own cookie stricter.
  const secure = request.headers.get('x-forwarded-proto') === 'https' ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

function isReadOnly(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * A cookie travels by itself, so a change made with one must come from our own page. Browsers send `sec-fetch-site` on
 * trustworthy origins and `origin` on the others; `host` is only compared with it (a page cannot set either), never
 * trusted to say who we are.
 */
function checkSameOrigin(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) {
    if (site === 'same-origin') return;
  } else {
    const origin = request.headers.get('origin');
    const host = request.headers.get('host');
    if (origin !== null && host !== null && URL.canParse(origin) && new URL(origin).host === host) return;
  }
  throw new TrimtabError(
    'forbidden_origin',
    'a change with a session cookie must come from the dashboard itself',
  );
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function readEnded(text: string | undefined): [string, number][] {
  return text === undefined ? [] : (JSON.parse(text) as [string, number][]);
}
