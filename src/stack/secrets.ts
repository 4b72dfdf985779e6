import { readFileSync } from 'node:fs';
import type { ConfigPath } from './config-path.ts';
import { didYouMean } from './nearest.ts';
import { createProblems, type Problems } from './problems.ts';
import type { ProviderSecrets, SecretRef, Stack } from './stack.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a header can carry: printable ASCII. */
const USABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Reads every secret a stack refers to, by provider name. Throws TrimtabError(config_invalid) that lists each one
 * that is not there, with the variable or file and the nearest variable that is set; never a value.
 */
export function resolveSecrets(stack: Stack, env: Environment): Record<string, ProviderSecrets> {
  const problems = createProblems();
  const read = (ref: SecretRef, path: ConfigPath): string =>
    'env' in ref
      ? readVariable(ref.env, env, { path, problems })
      : readSecretFile(ref.file, { path, problems });
  const secrets: Record<string, ProviderSecrets> = {};
  for (const [name, provider] of Object.entries(stack.providers)) {
    const path = ['providers', name];
    const headers: Record<string, string> = {};
    for (const [header, value] of Object.entries(provider.headers)) {
      headers[header] = typeof value === 'string' ? value : read(value, [...path, 'headers', header]);
    }
    secrets[name] = {
      apiKey: provider.apiKey === null ? null : read(provider.apiKey, [...path, 'apiKey']),
      headers,
    };
  }
  problems.throwIfAny();
  return secrets;
}

interface At {
  path: ConfigPath;
  problems: Problems;
}

function readVariable(name: string, env: Environment, { path, problems }: At): string {
  const value = env[name]?.trim();
  if (value === undefined || value === '') {
    const set = Object.keys(env).filter((key) => env[key]);
    const state = value === '' ? 'is empty' : 'is not set';
    problems.add(path, `the environment variable ${name} ${state}${didYouMean(name, set)}`);
    return '';
  }
  if (!USABLE.test(value))
    problems.add(path, `the environment variable ${name} holds a character that a header may not have`);
  return value;
}

function readSecretFile(file: string, { path, problems }: At): string {
  let value: string;
  try {
    value = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    problems.add(path, `the file ${file} cannot be read (${reason})`);
    return '';
  }
  if (value === '') problems.add(path, `the file ${file} is empty`);
  else if (!USABLE.test(value))
    problems.add(
      path,
      `the file ${file} holds more than one line, or a character that a header may not have`,
    );
  return value;
}
