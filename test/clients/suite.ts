/** One table-driven suite: every scenario of a client, against every provider family. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { claims, FAMILIES, type Need, type Running, startFamily } from './families.ts';

export interface Scenario {
  name: string;
  /** What a family must claim for this to work. One that says it cannot must refuse it by name. */
  needs?: readonly Need[];
  /** It rests on words the sandbox does not say. Default false. */
  scripted?: boolean;
  /** It is about a refusal of the model: not for a family that never does. Default false. */
  refuses?: boolean;
  /** A family that does not carry this refuses it by this member. */
  refusal?: RegExp;
  run(running: Running): Promise<void>;
}

export const REFUSED = /unsupported_parameter|protocol_mismatch/;

/** Registers the suite. A scenario of a family whose claim is not known is left out. */
export function clientSuite(client: string, scenarios: readonly Scenario[]): void {
  describe.each(FAMILIES)(`${client} against $name`, (family) => {
    for (const scenario of scenarios) {
      const claim = claims(family.name, scenario.needs ?? []);
      if (claim === undefined || (scenario.scripted && !family.scripted)) continue;
      if (scenario.refuses && family.refuses === 'never') continue;
      test(claim ? scenario.name : `${scenario.name}: refused by name`, async () => {
        const running = await startFamily(family, onTestFinished);
        if (claim) {
          await scenario.run(running);
          expectAccounted(running);
        } else {
          await expectRefusal(running, scenario);
        }
      });
    }
  });
}

/** Every answer that was given is in the records, with its usage. */
function expectAccounted({ records, family }: Running): void {
  for (const record of records) {
    expect(record).toMatchObject({ outcome: 'ok', status: 200, sandbox: family.name === 'sandbox' });
    expect(record.usage.inputTokens).toBeGreaterThan(0);
    if (family.scripted && record.protocol !== 'embeddings')
      expect(record.usage).toMatchObject({ inputTokens: 1000, outputTokens: 200 });
  }
}

async function expectRefusal(running: Running, { run, refusal = REFUSED }: Scenario): Promise<void> {
  const error = await run(running).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error, 'it was not refused').toBeInstanceOf(Error);
  expect(
    JSON.stringify(running.records.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])),
  ).toMatch(refusal);
  expect(running.calls).toHaveLength(0);
}
