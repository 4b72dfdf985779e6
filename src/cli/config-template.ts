import { stringify } from 'yaml';
import type { StackInput } from '../stack/schema.ts';

export const FORMATS = ['ts', 'yaml', 'json'] as const;
export type ConfigFormat = (typeof FORMATS)[number];

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;
const LINE_CHARS = 100;

const NOTES: Record<string, string> = {
  providers:
    'Vendors and servers, credentials by reference only. `sandbox` (simulated models) is always there.',
  deployments: 'Callable models by name. Prices come from a dated table unless given here.',
  tasks: 'What your app asks for: it sends the task name as `model`. Change the route here, never the app.',
};

/** The text of a config file. */
export function toConfigText(stack: StackInput, format: ConfigFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(stack, null, 2)}\n`;
    case 'yaml':
      return Object.entries(stack)
        .map(
          ([section, value]) =>
            `${note('#', section)}${stringify({ [section]: value }, { lineWidth: LINE_CHARS })}`,
        )
        .join('\n');
    case 'ts': {
      const sections = Object.entries(stack)
        .map(([section, value]) => `${note('  //', section)}  ${section}: ${toSource(value, '  ')},\n`)
        .join('\n');
      return `import { defineStack } from 'trimtab';\n\nexport default defineStack({\n${sections}});\n`;
    }
  }
}

function note(mark: string, section: string): string {
  const text = NOTES[section];
  return text === undefined ? '' : `${mark} ${text}\n`;
}

/** A TypeScript literal, on one line where it fits. */
function toSource(value: unknown, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  const members = Array.isArray(value)
    ? value.map((item) => toSource(item, inner))
    : Object.entries(value).map(
        ([key, member]) => `${PLAIN_KEY.test(key) ? key : quote(key)}: ${toSource(member, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return `${open}${close}`;
  const pad = Array.isArray(value) ? '' : ' ';
  const line = `${open}${pad}${members.join(', ')}${pad}${close}`;
  if (!line.includes('\n') && indent.length + line.length <= LINE_CHARS && indent.length > 2) return line;
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join('')}${indent}${close}`;
}

function quote(text: string): string {
  const json = JSON.stringify(text);
  return json.includes("'") ? json : `'${json.slice(1, -1).replaceAll('\\"', '"')}'`;
}
