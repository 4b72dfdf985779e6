/** Files that `trimtab plan --write` makes are valid against the schemas of compose and Kubernetes (`schemas/SOURCES.md`). */
import { readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Precision, ReplicaCapacity } from '../../src/capacity/capacity.ts';
import { findGpu, findModel, gpuPrices } from '../../src/capacity/facts/index.ts';
import { ENGINE_LIMITS } from '../../src/capacity/plan/candidates.ts';
import { toDeploymentFiles } from '../../src/capacity/plan/deployment-files.ts';
import type { PlanOption } from '../../src/capacity/plan/plan.ts';

const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
for (const name of ['kubernetes', 'compose']) {
  const text = readFileSync(new URL(`./schemas/${name}.json`, import.meta.url), 'utf8');
  ajv.addSchema(JSON.parse(text) as object, name);
}

const KINDS: Readonly<Record<string, string>> = {
  Deployment: 'deployment-apps-v1',
  Service: 'service-v1',
  PodDisruptionBudget: 'poddisruptionbudget-policy-v1',
  PersistentVolumeClaim: 'persistentvolumeclaim-v1',
};

/** Of the CRD's members, those that could stand in our file; all others are refused. */
const scaledObject = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: z.strictObject({ name: z.string().min(1) }),
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string().min(1), kind: z.string().optional() }),
    minReplicaCount: z.int().min(0),
    maxReplicaCount: z.int().min(1),
    cooldownPeriod: z.int().min(0),
    pollingInterval: z.int().min(1).optional(),
    triggers: z
      .array(z.strictObject({ type: z.string().min(1), metadata: z.record(z.string(), z.string()) }))
      .min(1),
  }),
});

/** What is wrong with a document, in words. */
function problemsOf(schema: string, document: unknown): string[] {
  const validate = ajv.getSchema(schema);
  if (!validate) throw new Error(`no schema ${schema}`);
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function manifestProblems(document: { kind: string }): string[] {
  if (document.kind !== 'ScaledObject')
    return problemsOf(`kubernetes#/$defs/${KINDS[document.kind]}`, document);
  const { error } = scaledObject.safeParse(document);
  return error ? error.issues.map(({ path, message }) => `${path.join('.')} ${message}`) : [];
}

interface Wanted {
  model: string;
  gpusPerReplica: number;
  weights: Precision;
  spot: boolean;
}

function optionOf({ model: id, gpusPerReplica, weights, spot }: Wanted): PlanOption {
  const model = findModel(id);
  const gpu = findGpu('h100-sxm');
  const price = gpuPrices.find((one) => one.gpu === 'h100-sxm' && one.kind === (spot ? 'spot' : 'on-demand'));
  if (!model || !gpu || !price) throw new Error('the facts have changed');
  const exact = (value: number) => ({ low: value, mid: value, high: value });
  const setup = { engine: 'vLLM' as const, model, gpu, gpusPerReplica, weights, cache: 'bf16' as const };
  const latency = { ttftP50Ms: 1, ttftP95Ms: 1, tpotP50Ms: 1, tpotP95Ms: 1 };
  const capacity: ReplicaCapacity = {
    model: id,
    gpu: gpu.id,
    gpusPerReplica,
    weights,
    callsPerSecond: exact(5),
    outputTokensPerSecond: exact(1000),
    latency,
    source: 'simulated',
  };
  return {
    setup: { ...setup, ...ENGINE_LIMITS },
    price,
    capacity,
    replicas: 3,
    gpuCount: 3 * gpusPerReplica,
    usdPerHour: 30,
    usdPerMonth: 21_915,
    usdPerMillionTokens: exact(1),
    usdPerMillionOutputTokens: exact(2),
    latency,
    cacheTokens: 300_000,
  };
}

const OPTIONS: Wanted[] = [
  { model: 'llama-3.1-8b', gpusPerReplica: 1, weights: 'bf16', spot: true },
  { model: 'llama-3.3-70b', gpusPerReplica: 4, weights: 'fp8', spot: false },
  { model: 'qwen3-32b', gpusPerReplica: 2, weights: 'bf16', spot: false },
];

test.each(OPTIONS)('$model on $gpusPerReplica GPUs, spot: $spot', (wanted) => {
  const files = toDeploymentFiles(optionOf(wanted));
  expect(problemsOf('compose', parse(files['compose.yaml'] ?? ''))).toEqual([]);
  const documents = parseAllDocuments(files['kubernetes.yaml'] ?? '').map((one) => one.toJS());
  expect(documents).toHaveLength(5);
  for (const document of documents) expect(manifestProblems(document), document.kind).toEqual([]);
});

test('the schemas refuse what compose and Kubernetes refuse', () => {
  const [wanted] = OPTIONS;
  if (!wanted) return;
  const files = toDeploymentFiles(optionOf(wanted));
  const compose = parse(files['compose.yaml'] ?? '');
  compose.services['model-server'].helthcheck = {};
  compose.services['model-server'].ports = 8000;
  expect(problemsOf('compose', compose).join('\n')).toMatch(/helthcheck[\s\S]*ports must be array/);
  const documents = parseAllDocuments(files['kubernetes.yaml'] ?? '').map((one) => one.toJS());
  const [deployment, service, , scaled] = documents;
  const [container] = deployment.spec.template.spec.containers;
  container.startupProbe.periodSecond = 10;
  container.args = '--model';
  delete deployment.spec.selector;
  const problems = manifestProblems(deployment).join('\n');
  for (const part of ['periodSecond', 'args must be', 'selector']) expect(problems).toContain(part);
  service.spec.ports[0].port = '8000';
  expect(manifestProblems(service).join()).toContain('/spec/ports/0/port must be integer');
  scaled.spec.triggers[0].metadata.threshold = 4;
  expect(manifestProblems(scaled).join()).toContain('expected string');
});
