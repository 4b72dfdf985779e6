/**
 * Which stack serves: the one source of truth. A config file, a config given in process, discovery and the API are
 * only ways to propose a revision; what serves is the store's active revision. A rollback is remembered together with
 * the config it overrules, so that an unchanged file is not applied again at the next start. A config that does not
 * parse changes nothing but {@link Revisions.status}.
 */
import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';
import { findProvider } from '../providers/index.ts';
import { parseStack } from '../stack/parse.ts';
import { createRevision } from '../stack/revision.ts';
import { resolveSecrets } from '../stack/secrets.ts';
import type {
  KeySnapshot,
  ProviderCatalog,
  ProviderSecrets,
  Revision,
  Snapshot,
  Stack,
} from '../stack/stack.ts';
import type { Activation, Store } from '../store/store.ts';
import type { StatusAnswer } from './api-types.ts';
import { readDrains } from './drains.ts';

/** A config someone wrote or discovery found, before it is parsed. */
export interface Proposal {
  input: unknown;
  source: Revision['source'];
  /** File path, `createStack`, or what was found. */
  origin: string;
}

/** Where proposals come from. */
export interface ConfigSource {
  /** The config file, if the stack comes from one. */
  readonly file: string | null;
  /** False when a file or code decides, so that the API may not. */
  readonly writable: boolean;
  /** Throws TrimtabError(config_invalid) for a file that cannot be read. */
  read(): Promise<Proposal>;
}

export interface RevisionsOptions {
  store: Store;
  config: ConfigSource;
  catalog: ProviderCatalog;
  /** Names of the routing policies. */
  policies: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  /** Keys that live as long as the process, beside the stored ones. */
  processKeys: readonly KeySnapshot[];
  /** Called with every snapshot that differs from the one before. */
  onSnapshot: (snapshot: Snapshot) => void;
}

export type ConfigStatus = Pick<
  StatusAnswer,
  'revision' | 'source' | 'configFile' | 'configProblem' | 'configWritable' | 'sandboxOnly'
>;

export interface Revisions {
  /**
   * Settles which revision serves and makes the first snapshot. `activate: false` (a CLI command beside no server)
   * applies nothing: it takes the stored one, or the proposal unstored. Throws config_invalid when there is neither.
   */
  start(options: { activate: boolean }): Promise<void>;
  active(): Revision;
  snapshot(): Snapshot;
  status(): ConfigStatus;
  /** Applies a whole config. Throws config_is_file, config_invalid. Returns the revision's id. */
  apply(input: unknown): Promise<string>;
  /** Adds a task to the active stack. Throws conflict, config_is_file, config_invalid. */
  addTask(name: string, task: Record<string, unknown>): Promise<string>;
  /** Serves by an earlier revision again. Throws not_found, config_invalid (a secret it needs is gone). */
  rollBack(id: string): Promise<string>;
  /** The config file changed on disk: applies it, or keeps what runs and says why. Never rejects. */
  configChanged(): Promise<void>;
  /** Reads keys and the active revision from the store again: another process may have changed them. */
  refresh(): Promise<void>;
}

/** The setting that remembers which config a rollback overrules. */
const OVERRULED = 'overruled_config';

/** @see Revisions */
export function createRevisions(options: RevisionsOptions): Revisions {
  return new StoredRevisions(options);
}

class StoredRevisions implements Revisions {
  private readonly options: RevisionsOptions;
  private current: Revision | undefined;
  private latest: Snapshot | undefined;
  private fingerprint = '';
  /** The revision the config on disk stands for, once it parsed. */
  private proposed: Revision | undefined;
  private configError: string | null = null;
  private secretsProblem: string | null = null;
  /** Changes run one after another. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: RevisionsOptions) {
    this.options = options;
  }

  active(): Revision {
    if (!this.current) throw new TrimtabError('internal', 'no revision is active yet');
    return this.current;
  }

  snapshot(): Snapshot {
    if (!this.latest) throw new TrimtabError('internal', 'there is no snapshot yet');
    return this.latest;
  }

  start({ activate }: { activate: boolean }): Promise<void> {
    return this.inTurn(async () => {
      const { store } = this.options;
      const stored = await store.revisions.active();
      await this.readProposal(stored !== undefined);
      const proposed = this.proposed;
      if (stored && (!activate || !proposed || !(await this.overrules(proposed, stored)))) {
        this.current = stored.revision;
        if (activate && proposed) await this.addDiscovered(stored.revision, proposed);
      } else if (proposed && activate) {
        await this.activate(proposed, 'applied', proposed.origin);
      } else {
        this.current = proposed;
      }
      await this.publish('lenient');
    });
  }

  status(): ConfigStatus {
    const { id, source, stack } = this.active();
    const { config } = this.options;
    return {
      revision: id,
      source,
      configFile: config.file,
      configProblem: this.configError ?? this.overruledProblem() ?? this.secretsProblem,
      configWritable: config.writable,
      sandboxOnly: Object.values(stack.providers).every(({ type }) => findProvider(type)?.sandbox === true),
    };
  }

  apply(input: unknown): Promise<string> {
    return this.inTurn(async () => {
      this.requireWritable(input);
      return this.applyInput(input);
    });
  }

  addTask(name: string, task: Record<string, unknown>): Promise<string> {
    return this.inTurn(async () => {
      const { stack } = this.active();
      this.requireWritable({ tasks: { [name]: task } });
      if (Object.hasOwn(stack.tasks, name)) {
        throw new TrimtabError('conflict', `the stack already has a task \`${name}\``, { field: 'name' });
      }
      const config = withoutNulls(stack) as Stack;
      return this.applyInput({ ...config, tasks: { ...config.tasks, [name]: task } });
    });
  }

  rollBack(id: string): Promise<string> {
    return this.inTurn(async () => {
      const { store, env } = this.options;
      const revision = await store.revisions.get(id);
      if (!revision) throw new TrimtabError('not_found', `no revision has the id \`${id}\``, { field: 'id' });
      if (revision.id === this.active().id) return id;
      resolveSecrets(revision.stack, env);
      await store.settings.set(OVERRULED, this.proposed && this.proposed.id !== id ? this.proposed.id : '');
      await this.activate(revision, 'rolled back', 'API');
      await this.publish('strict');
      return id;
    });
  }

  async configChanged(): Promise<void> {
    const { logger, store } = this.options;
    try {
      await this.inTurn(async () => {
        await this.readProposal(true);
        const proposed = this.proposed;
        if (this.configError !== null || !proposed || proposed.id === this.active().id) return;
        if ((await store.settings.get(OVERRULED)) === proposed.id) return;
        await this.activate(proposed, 'applied', proposed.origin);
        await this.publish('strict');
      });
    } catch (error) {
      this.configError = error instanceof Error ? error.message : String(error);
      logger.error(
        { error: this.configError },
        'the changed config was not applied; the last one keeps serving',
      );
    }
  }

  refresh(): Promise<void> {
    return this.inTurn(async () => {
      const stored = await this.options.store.revisions.active();
      if (stored && stored.revision.id !== this.current?.id) {
        this.current = stored.revision;
        this.options.logger.info({ revision: stored.revision.id }, 'another process applied a revision');
      }
      await this.publish('lenient');
    });
  }

  /** Parses what the config says now. A bad one is fatal only when nothing else can serve. */
  private async readProposal(mayFail: boolean): Promise<void> {
    const { config, logger } = this.options;
    try {
      const { input, source, origin } = await config.read();
      const proposed = this.toRevision(input, source, origin);
      resolveSecrets(proposed.stack, this.options.env);
      this.proposed = proposed;
      this.configError = null;
    } catch (error) {
      if (!mayFail || !(error instanceof TrimtabError)) throw error;
      this.configError = error.message;
      logger.error(
        { file: config.file, error: this.configError },
        'bad config; the last good one keeps serving',
      );
    }
  }

  /** Whether a proposal replaces what the store says is active. */
  private async overrules(
    proposed: Revision,
    stored: { revision: Revision; activation: Activation },
  ): Promise<boolean> {
    if (proposed.id === stored.revision.id || this.configError !== null) return false;
    if (this.options.config.writable && stored.revision.source === 'api') return false;
    return (await this.options.store.settings.get(OVERRULED)) !== proposed.id;
  }

  /** A stack edited over the API still gains the providers that discovery finds later. */
  private async addDiscovered(stored: Revision, proposed: Revision): Promise<void> {
    if (stored.source !== 'api' || !this.options.config.writable) return;
    const found = Object.keys(proposed.stack.providers).filter((name) => !stored.stack.providers[name]);
    if (found.length === 0) return;
    const merged: Stack = {
      ...stored.stack,
      providers: { ...proposed.stack.providers, ...stored.stack.providers },
      deployments: { ...proposed.stack.deployments, ...stored.stack.deployments },
    };
    const origin = `found ${found.join(', ')}`;
    await this.activate(
      createRevision(merged, { source: 'api', origin, now: this.options.clock.now() }),
      'applied',
      origin,
    );
  }

  private async applyInput(input: unknown): Promise<string> {
    const revision = this.toRevision(input, 'api', 'API');
    resolveSecrets(revision.stack, this.options.env);
    if (revision.id === this.active().id) return revision.id;
    await this.activate(revision, 'applied', 'API');
    await this.publish('strict');
    return revision.id;
  }

  private async activate(revision: Revision, kind: Activation['kind'], by: string): Promise<void> {
    const { store, clock, logger } = this.options;
    await store.revisions.activate(revision, { revision: revision.id, at: clock.now(), kind, by });
    if (kind === 'applied') await store.settings.set(OVERRULED, '');
    this.current = revision;
    logger.info({ revision: revision.id, by }, kind === 'applied' ? 'revision applied' : 'rolled back');
  }

  /** Builds the snapshot and sends it on if anything in it changed. */
  private async publish(secretsMode: 'strict' | 'lenient'): Promise<void> {
    const { store, processKeys, onSnapshot } = this.options;
    const { id, stack } = this.active();
    const stored = await store.keys.list();
    const keys = [...stored.map(toKeySnapshot), ...processKeys];
    const secrets = this.resolve(stack, secretsMode);
    const drained = await readDrains(store.settings);
    const fingerprint = JSON.stringify([id, keys, secrets, drained]);
    if (fingerprint === this.fingerprint) return;
    this.fingerprint = fingerprint;
    this.latest = { revision: id, stack, secrets, keys, drained };
    onSnapshot(this.latest);
  }

  /**
   * The stack's secrets. Lenient: a stored stack must start even when a variable it names is gone; that provider's
   * calls then fail and the status says why, while every other provider serves.
   */
  private resolve(stack: Stack, mode: 'strict' | 'lenient'): Record<string, ProviderSecrets> {
    this.secretsProblem = null;
    if (mode === 'strict') return resolveSecrets(stack, this.options.env);
    const secrets: Record<string, ProviderSecrets> = {};
    for (const [name, provider] of Object.entries(stack.providers)) {
      try {
        Object.assign(
          secrets,
          resolveSecrets({ ...stack, providers: { [name]: provider } }, this.options.env),
        );
      } catch (error) {
        if (!(error instanceof TrimtabError)) throw error;
        secrets[name] = { apiKey: null, headers: {} };
        this.secretsProblem = error.message;
        this.options.logger.error({ provider: name, error: error.message }, 'a secret is missing');
      }
    }
    return secrets;
  }

  private overruledProblem(): string | null {
    const { proposed, current } = this;
    const { config } = this.options;
    if (!proposed || !current || config.writable || proposed.id === current.id) return null;
    const what = config.file === null ? 'the config in code' : config.file;
    return `${current.id} serves, not ${what} (${proposed.id}): rolled back, or applied by another process. Edit it, or roll back to ${proposed.id}.`;
  }

  private requireWritable(wanted: unknown): void {
    const { config } = this.options;
    if (config.writable) return;
    const where = config.file ?? 'the code that called createStack';
    throw new TrimtabError(
      'config_is_file',
      `the stack comes from ${where}; put this there: ${JSON.stringify(wanted)}`,
    );
  }

  private toRevision(input: unknown, source: Revision['source'], origin: string): Revision {
    const { catalog, policies, clock } = this.options;
    return createRevision(parseStack(input, { catalog, policies }), { source, origin, now: clock.now() });
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(task);
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}

function toKeySnapshot(key: KeySnapshot): KeySnapshot {
  const { id, sha256, name, owner, tasks, expiresAt, disabled } = key;
  return { id, sha256, name, owner, tasks, expiresAt, disabled };
}

/** A parsed stack as a config a person could write: there, what is not set is not written. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}
