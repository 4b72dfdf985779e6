import { describe, expect, test } from 'vitest';
import { attemptOf, recordOf } from '../../test/evidence/records.ts';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  test('count calls, tokens, spend and unpriced calls, sandbox apart', async () => {
    const metrics = createMetrics();
    metrics.observe([
      recordOf('call_1'),
      recordOf('call_2', { costNanoUsd: null, unpriced: true }),
      recordOf('call_3', { sandbox: true }),
      recordOf('call_4', { outcome: 'refused', deployment: null, attempts: [], usage: {}, costNanoUsd: 0 }),
    ]);
    const text = await metrics.text();
    const labels = 'task="support-reply",deployment="reply-large",sandbox="false"';
    for (const line of [
      `trimtab_calls_total{${labels},outcome="ok"} 2`,
      'trimtab_calls_total{task="support-reply",deployment="none",sandbox="false",outcome="refused"} 1',
      `trimtab_tokens_total{${labels},kind="input"} 824`,
      `trimtab_tokens_total{${labels},kind="output"} 262`,
      `trimtab_spend_usd_total{${labels}} 0.000365`,
      `trimtab_unpriced_calls_total{${labels}} 1`,
      'trimtab_attempts_total{deployment="reply-large",kind="primary",outcome="ok",error="none",sandbox="true"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/trimtab_call_duration_seconds_count\{[^}]*sandbox="false"\} 2/);
    expect(text).toMatch(/trimtab_time_to_first_token_seconds_bucket\{le="0.5",[^}]*sandbox="false"\} 2/);
    expect(text).not.toContain('user-1729');
    expect(text).not.toContain('key_');
  });

  test('labels are bounded, whatever clients name', async () => {
    const metrics = createMetrics();
    metrics.observe(
      Array.from({ length: 1000 }, (_, n) =>
        recordOf(`call_${n}`, {
          deployment: `acme/m${n}`,
          attempts: [attemptOf({ deployment: `acme/m${n}` })],
        }),
      ),
    );
    const text = await metrics.text();
    const deployments = new Set([...text.matchAll(/deployment="([^"]+)"/g)].map(([, name]) => name));
    expect(deployments.size).toBe(201);
    expect(text).toMatch(/trimtab_calls_total\{task="support-reply",deployment="_other",[^}]*\} 800/);
  });

  test('show what is known of the process, and keep it', async () => {
    const metrics = createMetrics();
    metrics.setProcess({ rssBytes: 1000, spool: 'full', spoolPendingBytes: 7 });
    metrics.setProcess({ openStreams: 3 });
    const text = await metrics.text();
    for (const line of [
      'process_resident_memory_bytes 1000',
      'trimtab_spool_full 1',
      'trimtab_spool_pending_bytes 7',
      'trimtab_gateway_open_streams 3',
    ]) {
      expect(text).toContain(line);
    }
    metrics.setProcess({ spool: 'ok' });
    expect(await metrics.text()).toContain('trimtab_spool_full 0');
  });

  test('is valid exposition text, also when empty', async () => {
    const metrics = createMetrics();
    const lines = (await metrics.text()).trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [\d.eE+-]+|)$/);
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });
});
