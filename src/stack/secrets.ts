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
  const read = (ref: SecretRef, path: ConfigPath): string => {
    const secret = readRef(ref, env, { path, problems });
    if (secret !== null && !USABLE.test(secret.value)) {
      problems.add(path, `${secret.from} holds a character that a header may not have, such as a line break`);
    }
    return secret?.value ?? '';
  };
  const secrets: Record<string, ProviderSecrets> = {};
  for (const [name, provider] of Object.entries(stack.providers)) {
    const path = ['providers', name];
    const headers: Record<string, string> = {};
    for (const [header, value] of Object.entries(provider.headers)) {
      headers[header] = typeof value === 'string' ? value : read(value, [...path, 'headers', header]);
    }
    // Not for headers as they are: a key file has many lines. Its type checks the form.
    const credentials = Object.fromEntries(
      Object.entries(provider.credentials ?? {}).map(([credential, ref]) => [
        credential,
        readRef(ref, env, { path: [...path, 'credentials', credential], problems })?.value ?? '',
      ]),
    );
    secrets[name] = {
      apiKey: provider.apiKey === null ? null : read(provider.apiKey, [...path, 'apiKey']),
      headers,
      ...(provider.credentials && { credentials }),
    };
  }
  problems.throwIfAny();
  return secrets;
}

interface At {
  path: ConfigPath;
  problems: Problems;
}

interface Secret {
  value: string;
  /** For messages. */
  from: string;
}

function readRef(ref: SecretRef, env: Environment, at: At): Secret | null {
  if ('env' in ref) return readVariable(ref.env, env, at);
  if (!ref.file.startsWith('$')) return readSecretFile(ref.file, at);
  const path = readVariable(ref.file.slice(1), env, at);
  return path && readSecretFile(path.value, at);
}

function readVariable(name: string, env: Environment, { path, problems }: At): Secret | null {
  const value = env[name]?.trim();
  if (value !== undefined && value !== '') return { value, from: `the environment variable ${name}` };
  const set = Object.keys(env).filter((key) => env[key]);
  const state = value === '' ? 'is empty' : 'is not set';
  problems.add(path, `the environment variable ${name} ${state}${didYouMean(name, set)}`);
  return null;
}

function readSecretFile(file: string, { path, problems }: At): Secret | null {
  let value: string;
  try {
    value = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    problems.add(path, `the file ${file} cannot be read (${reason})`);
    return null;
  }
  if (value !== '') return { value, from: `the file ${file}` };
  problems.add(path, `the file ${file} is empty`);
  return null;
}
