import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { findGpu, findModel, gpuPrices } from '../facts/index.ts';
import { drawWorkload } from '../simulator/workload.ts';
import { toDeploymentFiles } from './deployment-files.ts';
import { type PlanOption, planCapacity } from './plan.ts';

function planned(): PlanOption {
  const model = findModel('llama-3.1-8b');
  const gpu = findGpu('h100-sxm');
  if (!model || !gpu) throw new Error('the facts have changed');
  const tokens = (medianTokens: number) => ({ medianTokens, sigma: 0 });
  const workload = drawWorkload({
    calls: 200,
    callsPerSecond: 4,
    arrivals: { kind: 'poisson' },
    sizes: { kind: 'lognormal', input: tokens(500), output: tokens(100) },
    seed: 1,
  });
  const { best } = planCapacity({
    model,
    gpus: [gpu],
    precisions: ['fp8'],
    prices: gpuPrices,
    priceKinds: ['spot'],
    workload,
    callsPerSecond: 4,
    target: { ttftP95Ms: 2000, tpotP95Ms: null, endToEndP95Ms: null },
    failover: true,
    loadTests: [],
  });
  if (!best) throw new Error('nothing was planned');
  return best;
}

const option = planned();
const files = toDeploymentFiles(option);

test('the manifests run what was planned, drain in time, and hold no secret', () => {
  const documents = parseAllDocuments(files['kubernetes.yaml'] ?? '').map((one) => one.toJS());
  expect(documents.map(({ kind }) => kind)).toEqual([
    'Deployment',
    'Service',
    'PodDisruptionBudget',
    'ScaledObject',
    'PersistentVolumeClaim',
  ]);
  const [{ spec }, service, budget, scaled, claim] = documents;
  const pod = spec.template.spec;
  const [server] = pod.containers;
  expect(spec.replicas).toBe(option.replicas);
  expect(scaled.spec.minReplicaCount).toBe(option.replicas);
  expect(server.resources.limits['nvidia.com/gpu']).toBe(option.setup.gpusPerReplica);
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    expect(server[probe].httpGet).toEqual({ path: '/health', port: server.ports[0].containerPort });
  }
  const drain = Number(server.lifecycle.preStop.exec.command[1]);
  expect(drain).toBeLessThan(pod.terminationGracePeriodSeconds);
  expect(pod.terminationGracePeriodSeconds).toBeLessThan(30);
  for (const variable of server.env) expect(Object.keys(variable)).toEqual(['name', 'valueFrom']);
  for (const selector of [
    spec.selector.matchLabels,
    service.spec.selector,
    budget.spec.selector.matchLabels,
  ]) {
    expect(selector).toEqual(spec.template.metadata.labels);
  }
  expect(scaled.spec.scaleTargetRef.name).toBe(documents[0].metadata.name);
  expect(pod.volumes[0].persistentVolumeClaim.claimName).toBe(claim.metadata.name);
});

test('compose runs one replica with the same command', () => {
  const { services } = parse(files['compose.yaml'] ?? '');
  const server = services['model-server'];
  expect(server.command).toContain('--quantization');
  expect(server.deploy.resources.reservations.devices[0].count).toBe(option.setup.gpusPerReplica);
  expect(server.environment.HF_TOKEN).toMatch(/^\$\{/);
});

test('what the image does not serve is refused', () => {
  const setup = { ...option.setup, weights: 'fp4' as const };
  expect(() => toDeploymentFiles({ ...option, setup })).toThrow(/quantised checkpoint/);
});
