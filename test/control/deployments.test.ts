/** Drain and resume over the control API. */
import { expect, test } from 'vitest';
import type { DeploymentRow, DeploymentsAnswer } from '../../src/control/api-types.ts';
import { openControl, STACK } from './control-fixture.ts';

const read = async <T>(answer: Response): Promise<T> => (await answer.json()) as T;

test('a drain reaches the gateway, outlives restarts and revisions, and ends with resume', async () => {
  await using fixture = await openControl({ config: STACK });
  const path = '/api/v1/deployments/sandbox%2Flarge';
  const first = await read<DeploymentRow>(
    await fixture.send('POST', `${path}/drain`, { by: 'ada', reason: 'new drivers' }),
  );
  // No gateway has reported: nothing runs.
  expect(first.drain).toMatchObject({ by: 'ada', reason: 'new drivers', idle: true });
  expect(fixture.snapshots.at(-1)?.drained).toEqual({
    'sandbox/large': { since: first.drain?.since, by: 'ada', reason: 'new drivers' },
  });

  // Asked again it keeps its beginning; a restart and another stack leave it.
  await fixture.reopen({ config: { ...STACK, gateway: { maxBodyBytes: 50_000 } } });
  const again = await read<DeploymentRow>(await fixture.send('POST', `${path}/drain`, { by: 'bo' }));
  expect(again.drain).toMatchObject({ since: first.drain?.since, by: 'ada' });
  const { deployments } = await read<DeploymentsAnswer>(await fixture.get('/api/v1/deployments'));
  expect(deployments.map(({ name, drain }) => [name, drain?.by])).toEqual([
    ['sandbox/large', 'ada'],
    ['sandbox/small', undefined],
  ]);

  const resumed = await read<DeploymentRow>(await fixture.send('POST', `${path}/resume`, {}));
  expect(resumed.drain).toBeNull();
  expect(fixture.snapshots.at(-1)?.drained).toEqual({});
});

test('it is idle only when the gateway knows of the drain and runs nothing there', async () => {
  await using fixture = await openControl({ config: STACK });
  const { state } = fixture.control.deps;
  const path = '/api/v1/deployments/sandbox%2Fother';
  const idle = async () => (await read<DeploymentRow>(await fixture.get(path))).drain?.idle;
  const report = (drained: string[], inFlight: number): void => {
    const circuit = { state: 'closed' as const, since: null, share: 1 };
    const figures = { calls: 0, failures: 0, waiting: 0, lastError: null, lastOkAt: null };
    const health = { deployment: 'sandbox/other', inFlight, circuit, measuredTokensPerSecond: null };
    const process = { rssBytes: 1, callsServed: 1, openStreams: 0, eventLoopDelayP99Ms: 0 };
    Object.assign(state, {
      drained,
      deployments: [{ ...health, ...figures }],
      process: { ...process, spool: 'ok' },
    });
  };
  report([], 0);
  // Not declared, but a name that calls may use.
  await fixture.send('POST', `${path}/drain`, {});
  expect(await idle()).toBe(false);
  report(['sandbox/other'], 1);
  expect(await idle()).toBe(false);
  report(['sandbox/other'], 0);
  expect(await idle()).toBe(true);
});

test('a name that is none is refused with the nearest', async () => {
  await using fixture = await openControl({ config: STACK });
  for (const [method, path] of [
    ['POST', 'sandbo/large/drain'],
    ['POST', 'sandbo%2Flarge/drain'],
    ['POST', 'sandbo%2Flarge/resume'],
    ['GET', 'sandbo%2Flarge'],
  ] as const) {
    const answer = await fixture.send(
      method,
      `/api/v1/deployments/${path}`,
      method === 'GET' ? undefined : {},
    );
    expect(answer.status).toBe(404);
  }
  const answer = await fixture.send('POST', '/api/v1/deployments/sandbo%2Flarge/drain', {});
  expect(await answer.text()).toContain('did you mean');
});
