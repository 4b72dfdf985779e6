import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createStack, defineStack, env, file, type StackInput } from '../../src/index.ts';

describe('the public entry', () => {
  test('defineStack gives back what it was given, and types it', () => {
    const stack: StackInput = {
      providers: { acme: { apiKey: env('KEY') }, gpu: { apiKey: file('/run/key') } },
      tasks: { t: { route: { targets: ['a', { task: 'u', weight: 2 }] } } },
    };
    expect(defineStack(stack)).toBe(stack);
    // @ts-expect-error an unknown key is an error in the editor already
    defineStack({ tasks: { t: { rout: 'a' } } });
    // @ts-expect-error so is a secret by value
    defineStack({ providers: { acme: { apiKey: 'sk-0' } } });
    // @ts-expect-error and a data class that is none
    defineStack({ tasks: { t: { route: 'a', dataClass: 'secret' } } });
  });

  test('createStack refuses a wrong config by path', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-define-'));
    const attempt = createStack({ tasks: { t: { route: 'nowhere' } } }, { dataDir });
    await expect(attempt).rejects.toMatchObject({ code: 'config_invalid', field: 'tasks.t.route' });
    rmSync(dataDir, { recursive: true, force: true });
  });
});
