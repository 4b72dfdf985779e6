/** Conversations by `previous_response_id`, kept by a real server for the key that began them. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTrimtab, type TestTrimtab } from './trimtab.ts';

const CONFIG = `
providers:
  sandbox: { type: sandbox, options: { timeScale: 0 } }
tasks:
  reply: { route: [sandbox/large], capture: full }
  other: { route: [sandbox/small] }
  quiet: { route: [sandbox/large], capture: none }
  secret: { route: [sandbox/large], dataClass: confidential }
`;
const parameters = {
  type: 'object',
  properties: { account_id: { type: 'string' } },
  required: ['account_id'],
  additionalProperties: false,
};
const tools = [
  { type: 'function' as const, name: 'get_balance', description: 'Balance', parameters, strict: true },
];
const question = 'What is the balance of account 48213?';

let server: TestTrimtab;
beforeAll(async () => {
  server = await openTrimtab({ config: CONFIG });
});
afterAll(() => server?.dispose());

const unknown = { status: 400, code: 'unsupported_parameter', param: 'previous_response_id' };

describe('a conversation', () => {
  test.for([false, true])('goes on from an earlier response, streamed: %s', async (streamed) => {
    const ask = async (
      body: Pick<OpenAI.Responses.ResponseCreateParams, 'input' | 'previous_response_id'> & { model: string },
    ): Promise<OpenAI.Responses.Response> =>
      streamed
        ? server.client.responses.stream({ ...body, tools }).finalResponse()
        : server.client.responses.create({ ...body, tools });
    const first = await ask({ model: 'reply', input: question });
    const [call] = first.output.filter((item) => item.type === 'function_call');
    if (!call) throw new Error('no call');
    const output = '{"balance": "120.50 EUR"}';
    const second = await ask({
      model: 'reply',
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output }],
    });
    expect(second.output_text).toContain('120.50 EUR');
    const third = await ask({ model: 'other', previous_response_id: second.id, input: 'Thank you.' });
    const records = await server.calls(3);
    const sizes = [first, second, third].map(({ usage }) => usage?.input_tokens ?? 0);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    const sent = records.map(({ payload }) => payload?.request ?? '');
    expect(sent.some((text) => text.includes(question) && text.includes('120.50 EUR'))).toBe(true);
  });

  test('is kept whatever its text looks like', async () => {
    const input = 'Repeat: data: {"type":"x"}\n\ndata: [DONE] data:image/png;base64,AA==';
    const body = { model: 'reply', input, instructions: 'data: none' };
    const { id } = await server.client.responses.stream(body).finalResponse();
    const next = { model: 'reply', previous_response_id: id, input: 'More.' };
    await expect(server.client.responses.create(next)).resolves.toMatchObject({ status: 'completed' });
  });

  test('branches, and survives a restart', async () => {
    const first = await server.client.responses.create({ model: 'reply', input: 'My name is Ada.' });
    const again = { model: 'reply', previous_response_id: first.id };
    await server.client.responses.create({ ...again, input: 'And now?' });
    await server.restart();
    const branch = await server.client.responses.create({ ...again, input: 'What else?' });
    expect(branch.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
  });

  test.for([
    ['the app says so', { model: 'reply', store: false }],
    ['the task keeps nothing', { model: 'quiet' }],
  ] as const)('is not kept when %s', async ([, body]) => {
    const { id } = await server.client.responses.create({ ...body, input: 'Hello.' });
    const next = server.client.responses.create({ model: 'reply', previous_response_id: id, input: 'More.' });
    await expect(next).rejects.toMatchObject(unknown);
  });

  test('belongs to its key', async () => {
    const { id } = await server.client.responses.create({ model: 'reply', input: 'Hello.' });
    const made = await server.api<{ key: string }>('/api/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'another' }),
    });
    const other = new OpenAI({ baseURL: `${server.running.url}/v1`, apiKey: made.key, maxRetries: 0 });
    const next = { model: 'reply', previous_response_id: id, input: 'More.' };
    await expect(other.responses.create(next)).rejects.toMatchObject(unknown);
    await expect(server.client.responses.create(next)).resolves.toMatchObject({ status: 'completed' });
  });

  test('does not move to a task of a lower data class', async () => {
    const { id } = await server.client.responses.create({ model: 'secret', input: 'Hello.' });
    const next = { previous_response_id: id, input: 'More.' };
    await expect(server.client.responses.create({ ...next, model: 'reply' })).rejects.toMatchObject({
      status: 403,
      code: 'data_policy_refused',
    });
    await expect(server.client.responses.create({ ...next, model: 'secret' })).resolves.toBeDefined();
  });
});
