/**
 * That `large` really is better than `small`, and how well each reads the usual prompt forms. Texts: the banking77
 * sample of the example (CC BY 4.0), none of which stands in the prompts.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerChat } from '../../src/providers/sandbox/vendor/chat-answer.ts';
import type { ModelName } from '../../src/providers/sandbox/vendor/chat-request.ts';
import { parseChatRequest } from '../../src/providers/sandbox/vendor/chat-request.ts';

interface Message {
  text: string;
  intent: string;
}

const data = new URL('../../examples/support-desk/data/', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, data), 'utf8')) as Message[];
const messages = read('messages.json');
const examples = read('examples.json');
const intents = [...new Set(examples.map((example) => example.intent))].sort();

function shots(count: number): Message[] {
  return intents.flatMap((intent) => examples.filter((example) => example.intent === intent).slice(0, count));
}

type Turn = { role: string; content: string };

function say(model: ModelName, messages: Turn[], extra: Record<string, unknown> = {}): string {
  const { choices } = answerChat(parseChatRequest({ messages, ...extra }, model), null);
  const [choice] = choices;
  return choice?.toolCalls[0]?.arguments.join('') ?? choice?.text.join('') ?? '';
}

function accuracy(model: ModelName, prompt: (text: string) => Turn[], texts: readonly Message[]): number {
  return texts.filter(({ text, intent }) => say(model, prompt(text)) === intent).length / texts.length;
}

describe('on 77 intents and messages it never saw', () => {
  // Over all 616 messages (23 November 2026): five-shot small 40.3 %, large 70.6 %; labels alone 34.1 % and 47.9 %.
  const some = messages.slice(0, 308);

  test('large beats small by a clear margin with five examples each', () => {
    const lines = shots(5).map(({ text, intent }) => `${text} -> ${intent}`);
    const system = `Classify the message into one of these intents: ${intents.join(', ')}.\n\nExamples:\n${lines.join('\n')}`;
    const prompt = (text: string) => [
      { role: 'system', content: system },
      { role: 'user', content: text },
    ];
    const small = accuracy('small', prompt, some);
    const large = accuracy('large', prompt, some);
    expect(large).toBeGreaterThan(0.6);
    expect(large - small).toBeGreaterThan(0.12);
    expect(small).toBeGreaterThan(0.3);
  });

  test('and with the labels alone', () => {
    const prompt = (text: string) => [
      {
        role: 'user',
        content: `Which of these intents fits?\nIntents:\n- ${intents.join('\n- ')}\n\nMessage: ${text}\nIntent:`,
      },
    ];
    const small = accuracy('small', prompt, some);
    const large = accuracy('large', prompt, some);
    expect(large).toBeGreaterThan(0.4);
    expect(large - small).toBeGreaterThan(0.05);
  });
});

describe('the usual forms of a classification prompt', () => {
  const text = 'The shipping of my package is late: it has not arrived';
  const shown: [string, string][] = [
    ['My package never arrived', 'shipping'],
    ['I want my money back', 'refund'],
    ['I cannot log in to my account', 'account'],
  ];
  const turns = shown.flatMap(([user, assistant]) => [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ]);
  const system = (content: string): Turn => ({ role: 'system', content });
  const user = (content: string): Turn => ({ role: 'user', content });

  const forms: [string, Turn[], string][] = [
    ['a comma list', [system('Classify into one of: refund, shipping, account.'), user(text)], 'shipping'],
    ['prose', [system('Label each message as refund, shipping or account.'), user(text)], 'shipping'],
    [
      'a JSON array',
      [system('Pick one of the labels ["refund", "shipping", "account"].'), user(text)],
      'shipping',
    ],
    [
      'bullets with descriptions',
      [
        system(
          'Classify the ticket. Categories:\n- R1: money back\n- S2: shipping of an order, delivery\n- A3: login, password',
        ),
        user(text),
      ],
      'S2',
    ],
    [
      'tags',
      [system('Classify. <labels>\nrefund\nshipping\naccount\n</labels>'), user(`<text>${text}</text>`)],
      'shipping',
    ],
    ['turns, labels unsaid', [system('Classify the message.'), ...turns, user(text)], 'shipping'],
    [
      'turns that answer in JSON',
      [
        system('Classify the message into refund, shipping or account.'),
        ...turns.map((turn) =>
          turn.role === 'user' ? turn : { ...turn, content: `{"label": "${turn.content}"}` },
        ),
        user(text),
      ],
      '{"label": "shipping"}',
    ],
    [
      'arrow lines',
      [user(`Classify the message.\n${shown.map(([a, b]) => `${a} -> ${b}`).join('\n')}\n${text} ->`)],
      'shipping',
    ],
    [
      'Text and Label lines',
      [
        user(
          `Classify as refund, shipping or account.\n\n${shown.map(([a, b]) => `Text: ${a}\nLabel: ${b}`).join('\n\n')}\n\nText: ${text}\nLabel:`,
        ),
      ],
      'shipping',
    ],
    ['one line', [user(`Classify the text as refund, shipping or account: ${text}`)], 'shipping'],
    ['a question', [user(`Is this refund or shipping? "${text}"`)], 'shipping'],
    [
      'pairs with no word of labels',
      [user(`${shown.map(([a, b]) => `Input: ${a}\nOutput: ${b}`).join('\n\n')}\n\nInput: ${text}\nOutput:`)],
      'shipping',
    ],
    [
      'the text in quotes below the instruction',
      [user(`Which one of these labels fits: refund, shipping, account?\n\n"""${text}"""`)],
      'shipping',
    ],
  ];
  for (const model of ['small', 'large'] as const) {
    test.each(forms)(`${model} reads %s`, (_, prompt, expected) => {
      expect(say(model, prompt)).toBe(expected);
    });
  }

  test('a JSON schema with an enum', () => {
    const schema = {
      type: 'object',
      properties: { label: { type: 'string', enum: ['refund', 'shipping', 'account'] } },
      required: ['label'],
    };
    const format = { type: 'json_schema', json_schema: { name: 'label', schema } };
    const said = say('large', [system('Classify.'), ...turns, user(text)], { response_format: format });
    expect(JSON.parse(said)).toEqual({ label: 'shipping' });
  });

  test('a tool with an enum', () => {
    const parameters = {
      type: 'object',
      properties: { queue: { type: 'string', enum: ['refund', 'shipping', 'account'] } },
      required: ['queue'],
    };
    const tools = [{ type: 'function', function: { name: 'route', parameters } }];
    const said = say('large', [...turns, user(text)], { tools, tool_choice: 'required' });
    expect(JSON.parse(said)).toEqual({ queue: 'shipping' });
  });

  test('a JSON object names the member the prompt names', () => {
    const prompt = [
      system('Classify as refund, shipping or account. Answer in JSON: {"category": "..."}'),
      user(text),
    ];
    expect(JSON.parse(say('large', prompt, { response_format: { type: 'json_object' } }))).toEqual({
      category: 'shipping',
    });
  });

  test('a support reply is not mistaken for one', () => {
    const said = say('large', [
      system('You answer customers of a bank about cards, transfers and refunds. Be brief and polite.'),
      user('Where is my refund from last week?'),
    ]);
    expect(said).toContain('Refunds appear');
    expect(said.split(' ').length).toBeGreaterThan(20);
  });
});
