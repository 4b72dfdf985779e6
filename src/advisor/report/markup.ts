/** HTML and SVG as text. Whatever comes from people goes through {@link html}, which escapes it. */

/** Markup that may stand in a page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Markup | null | readonly Part[];

/** Template tag: every value is escaped, but markup and lists of markup. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Markup {
  let out = texts[0] as string;
  for (const [index, part] of parts.entries()) out += toText(part) + (texts[index + 1] as string);
  return new Markup(out);
}

function toText(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(toText).join('');
  return escapeHtml(String(part));
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
