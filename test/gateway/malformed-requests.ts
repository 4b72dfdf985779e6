/** Requests that are wrong, for the test and for `bench/malformed.ts`: a property-based mix, and a corpus of old acquaintances. */
import fc from 'fast-check';
import { KEY } from './harness.ts';

export interface BadRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

const GOOD = { model: 'reply', messages: [{ role: 'user', content: 'Hello' }] };
const HEADERS = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const CHAT = '/v1/chat/completions';

const chat = (body: string | Uint8Array): BadRequest => ({
  method: 'POST',
  path: CHAT,
  headers: HEADERS,
  body,
});

/** Bodies that once broke some server. */
export const CORPUS: BadRequest[] = [
  '',
  ' ',
  '\0',
  '\uFEFF{}',
  'null',
  'true',
  '0',
  '-0',
  '1e400',
  '""',
  '[]',
  '[{}]',
  '{',
  '{}',
  '}{',
  '{"model"}',
  '{"model":}',
  '{"model":"reply"',
  '{"model":"reply",}',
  "{'model':'reply'}",
  '{"model":"reply","messages":[{"role":"user","content":"\\u12"}]}',
  '{"model":"reply","messages":[{"role":"user","content":"a\nb"}]}',
  '{"model":null,"messages":[]}',
  '{"model":["reply"],"messages":[{"role":"user","content":"x"}]}',
  '{"model":"reply","model":"reply","messages":[{"role":"user","content":"x"}]}',
  '{"model":"reply","messages":{}}',
  '{"model":"reply","messages":"Hello"}',
  '{"model":"reply","messages":[]}',
  '{"model":"reply","messages":[null]}',
  '{"model":"reply","messages":[[]]}',
  '{"model":"reply","messages":[{"content":"x"}]}',
  '{"model":"reply","messages":[{"role":1,"content":"x"}]}',
  '{"model":"reply","messages":[{"role":"user","content":"x"}],"stream":"true"}',
  '{"model":"reply","messages":[{"role":"user","content":"x"}],"stream":1}',
  '{"model":"reply","messages":[{"role":"user","content":"x"}],"stream_options":[]}',
  '{"model":"reply","messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":"yes"}}',
  '{"__proto__":{"model":"reply"},"messages":[{"role":"user","content":"x"}]}',
  '{"constructor":{"prototype":{"model":"reply"}}}',
  '{"model":"__proto__","messages":[{"role":"user","content":"x"}]}',
  '{"model":"constructor","messages":[{"role":"user","content":"x"}]}',
  '{"model":"hasOwnProperty","messages":[{"role":"user","content":"x"}]}',
  '{"model":"__proto__/x","messages":[{"role":"user","content":"x"}]}',
  '{"model":"vendor-a/","messages":[{"role":"user","content":"x"}]}',
  '{"model":"/","messages":[{"role":"user","content":"x"}]}',
  `{"model":"${'m'.repeat(100_000)}","messages":[{"role":"user","content":"x"}]}`,
  '['.repeat(100_000),
  `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  `{"model":"reply","messages":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
]
  .map(chat)
  .concat([
    chat(Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)),
    chat(Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d)),
    chat(Uint8Array.of(0x1f, 0x8b, 0x08, 0x00)),
    { method: 'POST', path: '/v1/embeddings', headers: HEADERS, body: '{"model":"reply"}' },
    { method: 'POST', path: '/v1/embeddings', headers: HEADERS, body: '{"model":"reply","input":""}' },
    { method: 'POST', path: '/v1/embeddings', headers: HEADERS, body: '{"model":"reply","input":[]}' },
    { method: 'POST', path: '/v1/embeddings', headers: HEADERS, body: '{"model":"reply","input":{"a":1}}' },
    { method: 'POST', path: '/v1/feedback', headers: HEADERS, body: '[]' },
    { method: 'POST', path: '/v1/completions', headers: HEADERS, body: '{}' },
    { method: 'GET', path: '/v1/models/%E0%A4%A', headers: HEADERS, body: '' },
    { method: 'GET', path: '/v1/models/..%2f..%2fetc%2fpasswd', headers: HEADERS, body: '' },
    { method: 'GET', path: '/v1/', headers: HEADERS, body: '' },
    { method: 'PATCH', path: CHAT, headers: HEADERS, body: '{}' },
    { method: 'POST', path: CHAT, headers: { ...HEADERS, 'content-type': 'multipart/form-data' }, body: 'x' },
    { method: 'POST', path: CHAT, headers: { ...HEADERS, 'content-encoding': 'br' }, body: 'x' },
    {
      method: 'POST',
      path: CHAT,
      headers: { ...HEADERS, authorization: 'Basic YTpi' },
      body: JSON.stringify(GOOD),
    },
    {
      method: 'POST',
      path: CHAT,
      headers: { ...HEADERS, authorization: 'Bearer ' },
      body: JSON.stringify(GOOD),
    },
  ]);

/** A value that a member of a request must not have. */
const wrong: Record<string, fc.Arbitrary<unknown>> = {
  model: fc.oneof(
    fc.constantFrom(null, '', 0, true, [], {}),
    fc.string({ minLength: 20 }),
    fc.array(fc.string()),
  ),
  messages: fc.oneof(
    fc.constantFrom(null, '', 0, true, [], {}),
    fc.array(
      fc.oneof(
        fc.constant(null),
        fc.integer(),
        fc.array(fc.anything({ maxDepth: 1 })),
        fc.record({ role: fc.integer() }),
      ),
      { minLength: 1 },
    ),
  ),
  stream: fc.oneof(fc.integer(), fc.string(), fc.array(fc.boolean())),
  stream_options: fc.oneof(
    fc.integer(),
    fc.string(),
    fc.array(fc.boolean()),
    fc.record({ include_usage: fc.string() }),
  ),
};

/** A good request with one member wrong and any others beside it. */
const wrongMember = fc
  .constantFrom(...Object.keys(wrong))
  .chain((name) => (wrong[name] as fc.Arbitrary<unknown>).map((value): [string, unknown] => [name, value]))
  .chain(([name, value]) =>
    fc
      .dictionary(
        fc.string({ minLength: 2 }).map((text) => `x${text}`),
        fc.jsonValue(),
        { maxKeys: 3 },
      )
      .map((others) => JSON.stringify({ ...others, ...GOOD, [name]: value })),
  );

/** A good request cut short: never valid JSON. */
const cut = fc
  .nat({ max: JSON.stringify(GOOD).length - 1 })
  .map((length) => JSON.stringify(GOOD).slice(0, length));

/** A good request with a byte that JSON does not allow between its tokens. */
const dirty = fc
  .tuple(fc.constantFrom(0, 1, 9, 17), fc.constantFrom('\0', '\u000b', '!', '\u00a0', ';'))
  .map(([at, bad]) => JSON.stringify(GOOD).slice(0, at) + bad + JSON.stringify(GOOD).slice(at))
  .filter((text) => !isJson(text));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export const badBody: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: wrongMember },
  { weight: 2, arbitrary: cut },
  { weight: 1, arbitrary: dirty },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

export const badRequest: fc.Arbitrary<BadRequest> = fc.record({
  method: fc.constant('POST'),
  path: fc.constantFrom(CHAT, CHAT, CHAT, '/v1/embeddings', '/v1/feedback', '/v1/nothing'),
  headers: fc.constantFrom<Record<string, string>[]>(
    HEADERS,
    HEADERS,
    HEADERS,
    HEADERS,
    {},
    { ...HEADERS, authorization: 'Bearer tt-wrong' },
  ),
  body: badBody,
});
