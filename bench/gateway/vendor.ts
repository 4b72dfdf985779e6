/**
 * The vendor of the bench, a process of its own: a 1.1 KB chat answer, or a stream of 50 chunks and their usage. Below `/messages` the
 * same in the messages protocol.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const USAGE = { prompt_tokens: 420, completion_tokens: 210, total_tokens: 630 };
const IDENTITY = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'bench-model' };

const answer = Buffer.from(
  JSON.stringify({
    ...IDENTITY,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'lorem ipsum '.repeat(70) }, finish_reason: 'stop' },
    ],
    usage: USAGE,
  }),
);

const chunk = (members: object): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ ...IDENTITY, object: 'chat.completion.chunk', ...members })}\n\n`);
const delta = (content: object, finish: string | null = null): object => ({
  choices: [{ index: 0, delta: content, finish_reason: finish }],
});
const events = [
  chunk(delta({ role: 'assistant', content: '' })),
  ...Array.from({ length: 50 }, (_, index) => chunk(delta({ content: ` token${index}` }))),
  chunk(delta({}, 'stop')),
  chunk({ choices: [], usage: USAGE }),
  Buffer.from('data: [DONE]\n\n'),
];

const MESSAGE = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'bench-model' };
const messagesAnswer = Buffer.from(
  JSON.stringify({
    ...MESSAGE,
    content: [{ type: 'text', text: 'lorem ipsum '.repeat(70) }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 420, output_tokens: 210 },
  }),
);

const event = (type: string, members: object): Buffer =>
  Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`);
const messagesEvents = [
  event('message_start', {
    message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 420, output_tokens: 1 } },
  }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ...Array.from({ length: 50 }, (_, index) =>
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: ` token${index}` } }),
  ),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 210 } }),
  event('message_stop', {}),
];

const server = createServer((request, response) => {
  let isStream = false;
  const isMessages = request.url?.endsWith('/messages') === true;
  const [whole, parts] = isMessages ? [messagesAnswer, messagesEvents] : [answer, events];
  request.on('data', (bytes: Buffer) => {
    isStream ||= bytes.includes('"stream":true');
  });
  request.on('end', () => {
    if (!isStream) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length });
      response.end(whole);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) response.write(part);
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit());
