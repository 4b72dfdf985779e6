/** Files of other tools, read from real files on disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { HistoryRow } from '../../src/core/history-row.ts';
import { parseTime } from '../../src/evidence/history/field.ts';
import { type HistoryReadOptions, readHistory } from '../../src/evidence/history/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'trimtab-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function read(content: string | Buffer, change: Partial<HistoryReadOptions> = {}) {
  const path = join(folder, `f${files++}`);
  writeFileSync(path, content);
  const rows: HistoryRow[] = [];
  const bad: { place: string; bad: string }[] = [];
  let format = '';
  const items = readHistory({
    path,
    format: null,
    task: null,
    taskFrom: null,
    columns: {},
    price: () => null,
    onFormat: (name) => {
      format = name;
    },
    onProgress: () => {},
    signal: new AbortController().signal,
    ...change,
  });
  for await (const item of items) {
    if ('row' in item) rows.push(item.row);
    else bad.push(item);
  }
  return { rows, bad, format };
}

const USAGE_PAGE = {
  object: 'page',
  data: [
    {
      object: 'bucket',
      start_time: 1_761_955_200,
      end_time: 1_762_041_600,
      results: [
        {
          object: 'organization.usage.completions.result',
          input_tokens: 1000,
          output_tokens: 500,
          input_cached_tokens: 800,
          num_model_requests: 5,
          model: 'gpt-5-mini',
          project_id: 'proj_a',
          batch: false,
        },
      ],
    },
  ],
  has_more: false,
};
const AT = 1_761_955_200_000;
const DAY = 86_400_000;

describe('vendor exports', () => {
  test('OpenAI usage: a bucket is a sum over its span', async () => {
    const { rows, format } = await read(JSON.stringify(USAGE_PAGE, null, 2));
    expect(format).toBe('openai-usage');
    expect(rows).toMatchObject([
      {
        at: AT,
        spanMs: DAY,
        calls: 5,
        provider: 'openai',
        model: 'gpt-5-mini',
        inputTokens: 1000,
        cacheReadTokens: 800,
      },
    ]);
  });

  test('a later export of the same bucket has the same id, another project has not', async () => {
    const later = structuredClone(USAGE_PAGE);
    const [result] = later.data[0]?.results ?? [];
    if (!result) throw new Error('no result');
    result.input_tokens = 2000;
    const [first, second] = [await read(JSON.stringify(USAGE_PAGE)), await read(JSON.stringify(later))];
    expect(second.rows[0]?.id).toBe(first.rows[0]?.id);
    result.project_id = 'proj_b';
    expect((await read(JSON.stringify(later))).rows[0]?.id).not.toBe(first.rows[0]?.id);
  });

  test('OpenAI costs are a bill, and only in USD', async () => {
    const cost = (currency: string) => ({
      object: 'bucket',
      start_time: 1_761_955_200,
      end_time: 1_762_041_600,
      results: [{ amount: { value: 0.06, currency }, line_item: 'gpt-5-mini, input' }],
    });
    const { rows } = await read(JSON.stringify(cost('usd')));
    expect(rows).toMatchObject([{ calls: null, costNanoUsd: 60_000_000, costSource: 'bill' }]);
    const eur = await read(`${JSON.stringify(cost('eur'))}\n${JSON.stringify(cost('usd'))}`);
    expect(eur.bad).toEqual([{ place: 'line 1', bad: 'the amount is in eur; USD is read' }]);
  });

  test('Anthropic usage: cached tokens are added to the input, amounts are cents', async () => {
    const page = (result: object) =>
      JSON.stringify({
        data: [{ starting_at: '2025-11-01T00:00:00Z', ending_at: '2025-11-02T00:00:00Z', results: [result] }],
      });
    const usage = await read(
      page({
        uncached_input_tokens: 100,
        cache_read_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 5 },
        output_tokens: 40,
        model: 'claude-sonnet-5',
      }),
    );
    expect(usage.format).toBe('anthropic-usage');
    expect(usage.rows).toMatchObject([
      { at: AT, calls: null, inputTokens: 155, cacheReadTokens: 30, cacheWriteTokens: 25, outputTokens: 40 },
    ]);
    const cost = await read(page({ amount: '123.45', currency: 'USD', model: 'claude-sonnet-5' }));
    expect(cost.rows).toMatchObject([{ costNanoUsd: 1_234_500_000, costSource: 'bill' }]);
  });
});

describe('logs of other gateways and tracers', () => {
  const spend = {
    request_id: 'chatcmpl-1',
    spend: 0.002,
    prompt_tokens: 12,
    completion_tokens: 30,
    startTime: '2025-11-01T00:00:00.000Z',
    endTime: '2025-11-01T00:00:02.500Z',
    completionStartTime: '2025-11-01T00:00:00.400Z',
    model: 'openai/gpt-5-mini',
    model_group: 'support',
    custom_llm_provider: 'openai',
    end_user: 'ada',
    metadata: '{"feature":"reply","usage_object":{"prompt_tokens_details":{"cached_tokens":4}}}',
  };

  test('LiteLLM: one call, also out of CSV with JSON in a column', async () => {
    const { rows, format } = await read(JSON.stringify([spend]), { taskFrom: 'metadata.feature' });
    expect(format).toBe('litellm');
    expect(rows).toMatchObject([
      {
        at: AT,
        task: 'reply',
        provider: 'openai',
        model: 'gpt-5-mini',
        user: 'ada',
        inputTokens: 12,
        cacheReadTokens: 4,
        durationMs: 2500,
        ttftMs: 400,
        costNanoUsd: 2_000_000,
        costSource: 'export',
      },
    ]);
    const names = Object.keys(spend);
    const cells = Object.values(spend).map((value) => `"${String(value).replaceAll('"', '""')}"`);
    const csv = await read(`${names.join(',')}\n${cells.join(',')}\n`, { taskFrom: 'metadata.feature' });
    expect(csv.rows).toEqual(rows);
  });

  test('LiteLLM writes 0 where it has no price: that is unknown, not free', async () => {
    const { rows } = await read(JSON.stringify([{ ...spend, spend: 0 }]));
    expect(rows[0]).toMatchObject({ costNanoUsd: null, costSource: null });
    const hit = await read(JSON.stringify([{ ...spend, spend: 0, cache_hit: 'True' }]));
    expect(hit.rows[0]).toMatchObject({ costNanoUsd: 0, costSource: 'export' });
  });

  test('Langfuse: generations only; cached input is part of the input', async () => {
    const generation = {
      id: 'obs1',
      traceId: 't1',
      type: 'GENERATION',
      name: 'draft',
      startTime: '2025-11-01T00:00:00.000Z',
      endTime: '2025-11-01T00:00:01.000Z',
      model: 'gpt-5-mini',
      usageDetails: { input: 100, output: 20, cache_read_input_tokens: 50 },
      costDetails: { total: 0.001 },
    };
    const { rows, format } = await read(
      JSON.stringify({ data: [generation, { ...generation, id: 'span1', type: 'SPAN' }] }),
    );
    expect(format).toBe('langfuse');
    expect(rows).toMatchObject([
      { task: 'draft', inputTokens: 150, cacheReadTokens: 50, costNanoUsd: 1_000_000 },
    ]);
  });

  test('OTLP/JSON: spans that ask a model, with the service as task', async () => {
    const attribute = (key: string, value: object) => ({ key, value });
    const span = (operation: string) => ({
      traceId: 'aa',
      spanId: operation,
      startTimeUnixNano: '1761955200000000000',
      endTimeUnixNano: '1761955203000000000',
      attributes: [
        attribute('gen_ai.operation.name', { stringValue: operation }),
        attribute('gen_ai.provider.name', { stringValue: 'openai' }),
        attribute('gen_ai.response.model', { stringValue: 'gpt-5-mini' }),
        attribute('gen_ai.usage.input_tokens', { intValue: '11' }),
        attribute('gen_ai.usage.output_tokens', { intValue: 7 }),
      ],
    });
    const line = JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [attribute('service.name', { stringValue: 'desk' })] },
          scopeSpans: [{ spans: [span('chat'), span('execute_tool')] }],
        },
      ],
    });
    const { rows, format } = await read(`${line}\n${line}\n`);
    expect(format).toBe('otlp');
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      at: AT,
      task: 'desk',
      inputTokens: 11,
      outputTokens: 7,
      durationMs: 3000,
    });
    expect(rows[1]?.id).toBe(rows[0]?.id);
  });
});

describe('plain CSV', () => {
  const TRACE = 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n';

  test('the columns of the Azure trace are known; text without a zone is UTC', async () => {
    const { rows, format } = await read(TRACE, { task: 'chat' });
    expect(format).toBe('csv');
    expect(rows).toMatchObject([
      {
        at: Date.UTC(2023, 10, 16, 18, 15, 46, 680),
        task: 'chat',
        inputTokens: 374,
        outputTokens: 44,
        calls: 1,
      },
    ]);
  });

  test('a mapping names columns nobody could guess', async () => {
    const { rows } = await read('When;In;Out;Eur\n1761955200;10;20;3\n', {
      columns: { at: 'When', input: 'In', output: 'Out' },
    });
    expect(rows).toMatchObject([{ at: AT, inputTokens: 10, outputTokens: 20, costNanoUsd: null }]);
    await expect(read('a,b\n1,2\n', { columns: { inptu: 'a' } })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('did you mean input?'),
    });
  });

  test('equal lines are different calls, and the same ones when read again', async () => {
    const twice = TRACE + TRACE.split('\n')[1];
    const ids = (await read(twice)).rows.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect((await read(twice)).rows.map(({ id }) => id)).toEqual(ids);
  });

  test('bad lines are told by their place, the others are read', async () => {
    const { rows, bad } = await read(
      'time,input_tokens,output_tokens\n2025-11-01,1,2\nyesterday,1,2\n2025-11-01,-4,2\n2025-11-01,x,2\n2025-11-01,,\n"2025-11-02",3,4\n',
    );
    expect(rows.map(({ inputTokens }) => inputTokens)).toEqual([1, 3]);
    expect(bad).toEqual([
      { place: 'line 3', bad: 'time is not a time: "yesterday"' },
      { place: 'line 4', bad: 'input_tokens is -4, which no count is' },
      { place: 'line 5', bad: 'input_tokens is not a number: "x"' },
      { place: 'line 6', bad: 'there are neither tokens nor a cost' },
    ]);
  });

  test('gzip is opened', async () => {
    expect((await read(gzipSync(TRACE))).rows).toEqual((await read(TRACE)).rows);
  });
});

test.each([
  ['nothing', '', 'the file is empty'],
  ['words', 'hello there\n', 'it holds neither CSV nor JSON'],
  ['objects of no kind', '{"a":1}\n{"a":2}\n', 'its records hold a'],
  ['no file', null, 'there is no such file'],
])('%s: refused with what to do', async (_, content, message) => {
  const attempt = content === null ? read('x', { path: join(folder, 'none') }) : read(content);
  await expect(attempt).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(message),
  });
});

test('one broken element of a list spoils no other', async () => {
  const good = (time: string) =>
    `{"time":"${time}","input_tokens":1,"output_tokens":"2","note":"a ] } , \\" b"}`;
  const { rows, bad } = await read(`[${good('2025-11-01')}, {"time": oops}, ${good('2025-11-02')}`);
  expect(rows).toHaveLength(1);
  expect(bad.map(({ place }) => place)).toEqual(['item 2', 'item 3']);
});

test('what was written as a list is read back, whatever its text holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ note: fc.string(), input_tokens: fc.nat(9999) }), { minLength: 1 }),
      async (list) => {
        const records = list.map((each) => ({ time: '2025-11-01T00:00:00Z', output_tokens: 1, ...each }));
        const { rows, bad } = await read(JSON.stringify(records, null, 1));
        expect(bad).toEqual([]);
        expect(rows.map(({ inputTokens }) => inputTokens)).toEqual(list.map((each) => each.input_tokens));
      },
    ),
    { numRuns: 50 },
  );
});

test.each([
  ['2025-11-01', AT],
  ['2025-11-01 00:00', AT],
  ['2025-11-01T01:00:00+01:00', AT],
  ['2025-11-01 00:00:00.123456 UTC', AT + 123],
  ['1761955200', AT],
  [1_761_955_200.5, AT + 500],
  [AT, AT],
  ['1761955200000000', AT],
  ['1761955200000000000', AT],
  ['1.11.2025', null],
  ['', null],
])('time %j', (written, ms) => {
  expect(parseTime(written)).toBe(ms);
});
