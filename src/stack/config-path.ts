/** Paths into a config as people read them: `tasks.triage.route.targets[0]`, `deployments["openai/gpt-5"].price`. */
export type ConfigPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The inverse of {@link formatPath}; `undefined` when the text is not such a path. */
export function parsePath(text: string): ConfigPath | undefined {
  const path: (string | number)[] = [];
  const step = /(?:(?:^|\.)([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\])/y;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (!match) return undefined;
    if (match[1] !== undefined) path.push(match[1]);
    else if (match[2] !== undefined) path.push(Number(match[2]));
    else path.push(JSON.parse(match[3] as string) as string);
  }
  return path;
}
