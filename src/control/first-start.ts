import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { MakeId } from '../core/id.ts';
import { hashSecret, newAdminToken, newVirtualKey } from '../governance/keys.ts';
import type { Store } from '../store/store.ts';
import type { Notice } from './link.ts';
import { SETTINGS } from './sign-in.ts';

const MIN_SECRET_CHARS = 16;
const PREFIX_CHARS = 7;

export interface FirstStartOptions {
  store: Store;
  clock: Clock;
  makeId: MakeId;
  /** `TRIMTAB_ADMIN_TOKEN`: replaces the stored hash. `null`: one is made when there is none. */
  adminToken: string | null;
  /** `TRIMTAB_KEY`: is made to exist. `null`: one is made when there are no keys at all. */
  firstKey: string | null;
}

/**
 * Makes sure there is an admin token and a virtual key. What it makes itself comes back as secret notices, the only
 * time either is seen: the store keeps hashes. Throws config_invalid when a given one is too short to be safe.
 */
export async function ensureSecrets(options: FirstStartOptions): Promise<Notice[]> {
  return [...(await ensureAdminToken(options)), ...(await ensureFirstKey(options))];
}

async function ensureAdminToken({ store, adminToken }: FirstStartOptions): Promise<Notice[]> {
  const { settings } = store;
  if (adminToken !== null) {
    requireLength(adminToken, 'TRIMTAB_ADMIN_TOKEN');
    await settings.set(SETTINGS.adminTokenHash, hashSecret(adminToken));
    return [];
  }
  if ((await settings.get(SETTINGS.adminTokenHash)) !== undefined) return [];
  const { token, sha256 } = newAdminToken();
  // Another process on the same database may have been first: then its token stands and ours is forgotten.
  if ((await settings.setIfAbsent(SETTINGS.adminTokenHash, sha256)) !== sha256) return [];
  return [{ level: 'info', text: token, secret: true, name: 'admin-token' }];
}

async function ensureFirstKey({ store, firstKey, makeId, clock }: FirstStartOptions): Promise<Notice[]> {
  const keys = await store.keys.list();
  if (firstKey === null && keys.length > 0) return [];
  const { key, sha256, prefix } = firstKey === null ? newVirtualKey() : fromGiven(firstKey);
  if (keys.some((row) => row.sha256 === sha256)) return [];
  await store.keys.add({
    id: makeId('key'),
    sha256,
    prefix,
    name: firstKey === null ? 'first' : 'TRIMTAB_KEY',
    owner: null,
    tasks: null,
    expiresAt: null,
    disabled: false,
    createdAt: clock.now(),
    budget: null,
  });
  return firstKey === null ? [{ level: 'info', text: key, secret: true, name: 'first-key' }] : [];
}

function fromGiven(key: string): { key: string; sha256: string; prefix: string } {
  requireLength(key, 'TRIMTAB_KEY');
  return { key, sha256: hashSecret(key), prefix: key.slice(0, PREFIX_CHARS) };
}

function requireLength(secret: string, field: string): void {
  if (secret.length >= MIN_SECRET_CHARS && !/\s/.test(secret)) return;
  const text = `${field}: needs ${MIN_SECRET_CHARS} characters or more, without spaces`;
  throw new TrimtabError('config_invalid', text, { field });
}
