import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../../core/error.ts';
import { parseMessages } from './parse.ts';
import { toChatBody } from './to-chat.ts';

function translate(body: object, capabilities = {}): Record<string, unknown> {
  const full = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], ...body };
  const request = parseMessages(Buffer.from(JSON.stringify(full)), {});
  return JSON.parse(JSON.stringify(toChatBody(request, { protocols: ['chat'], ...capabilities })));
}

function said(role: string, content: unknown, ...before: object[]): unknown {
  const after = role === 'assistant' ? [{ role: 'user', content: 'And?' }] : [];
  const { messages } = translate({ messages: [...before, { role, content }, ...after] });
  return (messages as unknown[])[before.length];
}

function refusal(body: object): TrimtabError {
  try {
    translate(body);
  } catch (error) {
    if (error instanceof TrimtabError) return error;
  }
  throw new Error('expected a refusal');
}

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const TOOL = { name: 'f', input_schema: { type: 'object' } };

describe('carried', () => {
  test.each([
    [{}, { max_tokens: 9 }],
    [
      { temperature: 0, top_p: 0.5 },
      { temperature: 0, top_p: 0.5 },
    ],
    [{ stop_sequences: ['a'] }, { stop: ['a'] }],
    [{ metadata: { user_id: 'u' } }, { user: 'u' }],
    [{ service_tier: 'standard_only' }, { service_tier: 'default' }],
    [{ stream: true }, { stream: true }],
    [{ output_config: { effort: 'high' } }, { reasoning_effort: 'high' }],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, { reasoning_effort: 'low' }],
    [{ thinking: { type: 'enabled', budget_tokens: 9000 } }, { reasoning_effort: 'medium' }],
    [{ thinking: { type: 'enabled', budget_tokens: 60_000 } }, { reasoning_effort: 'high' }],
    [
      { thinking: { type: 'enabled', budget_tokens: 60_000 }, output_config: { effort: 'low' } },
      { reasoning_effort: 'low' },
    ],
    [
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
        },
      },
    ],
    [
      { tools: [{ ...TOOL, description: 'd', strict: true, cache_control: { type: 'ephemeral' } }] },
      {
        tools: [
          {
            type: 'function',
            function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
          },
        ],
      },
    ],
    [{ tools: [TOOL], tool_choice: { type: 'auto' } }, { tool_choice: 'auto' }],
    [{ tools: [TOOL], tool_choice: { type: 'any' } }, { tool_choice: 'required' }],
    [{ tools: [TOOL], tool_choice: { type: 'none' } }, { tool_choice: 'none' }],
    [
      { tools: [TOOL], tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      { tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false },
    ],
    [
      {
        system: [
          { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'B' },
        ],
      },
      {
        messages: [
          { role: 'system', content: 'A\n\nB' },
          { role: 'user', content: 'Hi' },
        ],
      },
    ],
  ])('%j', (body, expected) => {
    expect(translate(body)).toMatchObject(expected);
  });

  test.each([
    { thinking: { type: 'disabled' } },
    { thinking: { type: 'adaptive' } },
    { cache_control: { type: 'ephemeral' } },
    { service_tier: 'auto' },
    { speed: 'standard' },
    { tool_choice: { type: 'auto' } },
    { tools: [] },
    { container: null },
    { stop_sequences: [] },
  ])('%j changes nothing', (body) => {
    expect(translate(body)).toEqual(translate({}));
  });

  test('the limit goes where the vendor reads it', () => {
    const carried = translate({}, { maxTokensMember: 'max_completion_tokens' });
    expect(carried).toMatchObject({ max_completion_tokens: 9 });
    expect(carried).not.toHaveProperty('max_tokens');
  });

  test('images and documents', () => {
    const image = { type: 'base64', media_type: 'image/png', data: 'iVBO' };
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' };
    const text = { type: 'text', media_type: 'text/plain', data: 'The text.' };
    expect(
      said('user', [
        { type: 'text', text: 'See:' },
        { type: 'image', source: image },
        { type: 'image', source: { type: 'url', url: 'https://x.example/y.png' } },
        { type: 'document', source: pdf, title: 'a.pdf' },
        { type: 'document', source: text, context: 'From the archive.' },
      ]),
    ).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'See:' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
        { type: 'image_url', image_url: { url: 'https://x.example/y.png' } },
        { type: 'text', text: 'a.pdf' },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
        { type: 'text', text: 'From the archive.' },
        { type: 'text', text: 'The text.' },
      ],
    });
  });

  test('an assistant turn: text and calls, without what another model thought', () => {
    expect(
      said('assistant', [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 't1', name: 'f', input: { a: [1] } },
      ]),
    ).toEqual({
      role: 'assistant',
      content: 'I look.',
      tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":[1]}' } }],
    });
  });

  test('tool results come first, failed ones marked, their images after', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://x.example/y.png' } };
    const { messages } = translate({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: 'no such city', is_error: true },
            { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'map:' }, image] },
            { type: 'tool_result', tool_use_id: 't3' },
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    });
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 't1', content: '[tool error]\nno such city' },
      {
        role: 'tool',
        tool_call_id: 't2',
        content: 'map:\nThe rest of this result follows in the next message.',
      },
      { role: 'tool', tool_call_id: 't3', content: '' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'From the result of tool call t2:' },
          { type: 'image_url', image_url: { url: 'https://x.example/y.png' } },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ]);
  });
});

describe('refused by name', () => {
  test.each([
    ['top_k', { top_k: 5 }],
    ['container', { container: 'c' }],
    ['speed', { speed: 'fast' }],
    ['mcp_servers', { mcp_servers: [{}] }],
    ['made_up', { made_up: 1 }],
    ['service_tier', { service_tier: 'priority' }],
    ['metadata.team', { metadata: { team: 'a' } }],
    ['thinking.type', { thinking: { type: 'between_tools' } }],
    ['output_config.effort', { output_config: { effort: 'max' } }],
    ['output_config.task_budget', { output_config: { task_budget: {} } }],
    ['output_config.format.type', { output_config: { format: { type: 'grammar' } } }],
    ['tools[0].type', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['tools[0].defer_loading', { tools: [{ ...TOOL, defer_loading: true }] }],
    ['tools[0].input_examples', { tools: [{ ...TOOL, input_examples: [{}] }] }],
    ['tool_choice', { tools: [TOOL], tool_choice: { type: 'some' } }],
    ['messages[0].role', { messages: [{ role: 'assistant', content: 'The answer is' }] }],
    ['messages[0].content[0].type', user({ type: 'search_result' })],
    ['messages[0].content[0].source', user({ type: 'image', source: { type: 'file', file_id: 'f' } })],
    [
      'messages[0].content[0].source',
      user({ type: 'document', source: { type: 'url', url: 'https://x.example/y.pdf' } }),
    ],
    [
      'messages[0].content[0].citations',
      user({ type: 'document', source: { type: 'text', data: 'x' }, citations: { enabled: true } }),
    ],
    [
      'messages[0].content[0].content[0].type',
      user({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference' }] }),
    ],
  ])('%s', (field, body) => {
    expect(refusal(body)).toMatchObject({ code: 'unsupported_parameter', field });
  });

  test.each([
    ['max_tokens', { max_tokens: null }],
    ['max_tokens', { max_tokens: 0 }],
    ['tool_choice', { tool_choice: { type: 'any' } }],
    ['messages[0].role', { messages: [{ role: 'tool', content: 'x' }] }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: ['x'] }] }],
    ['messages[0].content[0].text', user({ type: 'text', text: 5 })],
    ['messages[0].content[0].tool_use_id', user({ type: 'tool_result' })],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['stream', { stream: 'yes' }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled' } }],
    ['output_config.format.schema', { output_config: { format: { type: 'json_schema' } } }],
  ])('%s is invalid', (field, body) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_request', field });
  });
});
