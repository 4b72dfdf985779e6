/** The Responses protocol passed through to a vendor that speaks it, over real HTTP. */
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, type TestContext, test } from 'vitest';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { deployment, type Harness, KEY, provider, snapshot, startGateway, task } from './harness.ts';
import { type Ending, responseEvents, responseObject } from './responses-vendor.ts';

interface Native extends Harness {
  upstream: Upstream;
  /** Lets the vendor send what follows the text. */
  release: () => void;
}

async function overNative(onTestFinished: TestContext['onTestFinished'], ending: Ending): Promise<Native> {
  const upstream = await startUpstream(onTestFinished);
  const held = Promise.withResolvers<void>();
  upstream.answer = ({ body }, response) => {
    if (body.stream !== true) {
      const failed = ending === 'failed' || ending === 'error';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(responseObject(failed ? 'failed' : 'completed'), null, 1));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = responseEvents(ending);
    if (ending === 'completed') {
      response.end(bytes);
      return;
    }
    const tail = bytes.lastIndexOf('\n\n', bytes.length - 3) + 2;
    response.write(ending === 'cut' ? bytes : bytes.slice(0, tail));
    void held.promise.then(() => response.end(ending === 'cut' ? '' : bytes.slice(tail)));
  };
  const gateway = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: provider(upstream.baseUrl, { type: 'openai' }) },
      deployments: { vendor: deployment('vendor', { model: 'gpt-5-mini' }) },
      tasks: { reply: task(['vendor']) },
    }),
  });
  return { ...gateway, upstream, release: held.resolve };
}

describe('a vendor of this protocol', () => {
  test('gets the bytes with its model, and answers with its own', async ({ onTestFinished }) => {
    const { baseUrl, fetch, upstream, records } = await overNative(onTestFinished, 'completed');
    const text = '{ "input":"hi", "model" : "reply", "tools":[{"type":"web_search"}], "x_new": 1.0e2 }';
    const answer = await fetch(`${baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: text,
    });
    expect(await answer.text()).toBe(JSON.stringify(responseObject('completed'), null, 1));
    expect(upstream.calls[0]?.path).toBe('/v1/responses');
    expect(upstream.calls[0]?.bytes.toString()).toBe(text.replace('"reply"', '"gpt-5-mini"'));
    expect(records).toMatchObject([
      {
        protocol: 'responses',
        finishReason: 'stop',
        usage: { inputTokens: 1000, outputTokens: 200, cacheReadTokens: 100, reasoningTokens: 50 },
        costNanoUsd: 4_000_000,
      },
    ]);
  });

  test('streams its own events to the SDK', async ({ onTestFinished }) => {
    const { openai, baseUrl, fetch, records } = await overNative(onTestFinished, 'completed');
    const final = await openai.responses.stream({ model: 'reply', input: 'hi' }).finalResponse();
    expect(final.output_text).toBe('Hello "world" äöü.');
    expect(records[0]).toMatchObject({
      outcome: 'ok',
      finishReason: 'stop',
      usage: { inputTokens: 1000, outputTokens: 200 },
      costNanoUsd: 4_000_000,
    });
    const raw = await fetch(`${baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'reply', input: 'hi', stream: true }),
    });
    expect(await raw.text()).toBe(responseEvents('completed'));
  });

  test.for<[Ending, object]>([
    ['failed', { code: 'upstream_error' }],
    ['error', { code: 'upstream_error' }],
    ['cut', { code: 'upstream_cut' }],
    ['malformed', { code: 'upstream_malformed' }],
  ])('whose stream ends in %s', async ([ending, expected], { onTestFinished }) => {
    const { openai, records, release } = await overNative(onTestFinished, ending);
    const events: ResponseStreamEvent[] = [];
    const reading = (async () => {
      const stream = await openai.responses.create({ model: 'reply', input: 'hi', stream: true });
      for await (const event of stream) {
        events.push(event);
        if (event.type === 'response.output_text.delta') release();
      }
    })();
    await expect(reading).rejects.toMatchObject(expected);
    expect(events.some(({ type }) => /completed|failed/.test(type))).toBe(false);
    expect(events.filter(({ type }) => type === 'response.output_text.delta')).toHaveLength(3);
    const usage = ending === 'failed' ? { inputTokens: 1000, outputTokens: 200 } : { estimated: true };
    expect(records).toMatchObject([{ outcome: 'error', errorCode: expected && Object.values(expected)[0] }]);
    expect(records[0]?.attempts).toMatchObject([{ usage }]);
    expect(records[0]?.costNanoUsd).toBeGreaterThan(0);
  });

  test('that says failed in a plain answer', async ({ onTestFinished }) => {
    const { openai, records } = await overNative(onTestFinished, 'failed');
    await expect(openai.responses.create({ model: 'reply', input: 'hi' })).rejects.toMatchObject({
      status: 502,
      code: 'upstream_error',
    });
    expect(records).toMatchObject([{ outcome: 'error' }]);
  });
});
