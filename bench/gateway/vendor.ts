/** The vendor of the bench, a process of its own: a 1.1 KB chat answer, or a stream of 50 chunks and their usage. */
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

const server = createServer((request, response) => {
  let isStream = false;
  request.on('data', (bytes: Buffer) => {
    isStream ||= bytes.includes('"stream":true');
  });
  request.on('end', () => {
    if (!isStream) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(event);
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit());
