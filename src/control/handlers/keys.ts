import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import { newVirtualKey } from '../../governance/keys.ts';
import type { KeyRow } from '../../store/store.ts';
import { keyCreated, keysAnswer } from '../answers.ts';
import type { KeyCreated, KeysAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, pathId, type Route } from '../route.ts';

const keyBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  owner: z.string().trim().min(1).max(200).nullable().optional(),
  tasks: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(500)
    .nullable()
    .optional()
    .describe('Tasks it may call; absent or null: all.'),
  expiresAt: z.number().int().positive().nullable().optional().describe('Epoch milliseconds; null: never.'),
  budget: z
    .strictObject({ usd: z.number().positive(), per: z.enum(['day', 'week', 'month']) })
    .nullable()
    .optional(),
});

export const keyRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/keys',
    summary: 'Virtual keys, without the keys themselves',
    answer: { status: 200, schema: keysAnswer },
    async handle(_input, { store }): Promise<KeysAnswer> {
      return { keys: (await store.keys.list()).map(withoutHash) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/keys',
    summary: 'Make a virtual key. The answer is the only time the key itself is shown',
    body: keyBody,
    answer: { status: 201, schema: keyCreated },
    async handle({ body }, deps): Promise<KeyCreated> {
      checkTasks(body.tasks ?? null, deps);
      checkExpiry(body.expiresAt ?? null, deps);
      const { key, sha256, prefix } = newVirtualKey();
      const row: KeyRow = {
        id: deps.makeId('key'),
        sha256,
        prefix,
        name: body.name,
        owner: body.owner ?? null,
        tasks: body.tasks ?? null,
        expiresAt: body.expiresAt ?? null,
        disabled: false,
        createdAt: deps.clock.now(),
        budget: body.budget ?? null,
      };
      await deps.store.keys.add(row);
      await deps.revisions.refresh();
      return { ...withoutHash(row), key };
    },
  }),
  switchRoute('disable', true),
  switchRoute('enable', false),
];

function switchRoute(verb: 'disable' | 'enable', disabled: boolean): Route {
  return defineRoute({
    method: 'POST',
    path: `/api/v1/keys/:id/${verb}`,
    summary: disabled ? 'Refuse calls of this key from now on' : 'Take calls of this key again',
    params: pathId,
    answer: { status: 200, schema: keysAnswer },
    async handle({ params }, { store, revisions }): Promise<KeysAnswer> {
      if (!(await store.keys.setDisabled(params.id, disabled))) {
        throw new TrimtabError('not_found', `no key has the id \`${params.id}\``, { field: 'id' });
      }
      await revisions.refresh();
      const keys = await store.keys.list();
      return { keys: keys.filter((key) => key.id === params.id).map(withoutHash) };
    },
  });
}

function checkTasks(tasks: string[] | null, { revisions }: ControlDeps): void {
  const known = Object.keys(revisions.active().stack.tasks);
  const at = tasks?.findIndex((task) => !known.includes(task)) ?? -1;
  if (at < 0) return;
  const field = `tasks.${at}`;
  const list = known.length > 0 ? known.join(', ') : 'none yet';
  throw new TrimtabError('invalid_request', `${field}: no task \`${tasks?.[at]}\` (tasks: ${list})`, {
    field,
  });
}

function checkExpiry(expiresAt: number | null, { clock }: ControlDeps): void {
  if (expiresAt === null || expiresAt > clock.now()) return;
  throw new TrimtabError('invalid_request', 'expiresAt: is in the past', { field: 'expiresAt' });
}

function withoutHash({ sha256: _hash, ...rest }: KeyRow): Omit<KeyRow, 'sha256'> {
  return rest;
}
