/** Files that run what was planned: compose.yaml for one machine, Kubernetes manifests for a cluster. */
import { stringify } from 'yaml';
import serving from '../facts/serving.json' with { type: 'json' };
import type { PlanOption } from './plan.ts';

/** Pinned, so that it does not change unseen; the facts name the release. */
const IMAGE = serving.image;
const PORT = 8000;
const NAME = 'model-server';
const CACHE_PATH = '/root/.cache/huggingface';
/** Weights load slowly the first time: 10 s x this many. */
const STARTUP_PROBES = 360;
/** Vendors take spot machines back with 30 s (or more) of notice; answers that run get longer elsewhere. */
const GRACE_SECONDS = { spot: 25, other: 120 } as const;
/** Seconds between leaving the Service and the stop, so that no new call meets a closed socket. */
const DRAIN_SECONDS = 10;

/** Name of each file and its text. Throws RangeError for GPUs and weights that the image does not serve as they are. */
export function toDeploymentFiles(option: PlanOption): Record<string, string> {
  const { gpu, weights } = option.setup;
  if (/^mi\d/.test(gpu.id)) throw new RangeError(`files are written for NVIDIA GPUs, not for ${gpu.id}`);
  if (weights === 'int4' || weights === 'fp4') {
    throw new RangeError(`${weights} needs a quantised checkpoint, which the facts do not name`);
  }
  const manifests = [deployment(option), service(), disruptionBudget(), scaledObject(option), volumeClaim()];
  return {
    'compose.yaml': stringify(compose(option)),
    'kubernetes.yaml': manifests.map((manifest) => stringify(manifest)).join('---\n'),
  };
}

function serverArgs({ setup, cacheTokens }: PlanOption): string[] {
  const longest = Math.min(setup.model.contextTokens, Math.floor(cacheTokens / 16) * 16);
  return [
    ['--model', setup.model.hubName],
    ['--served-model-name', setup.model.id],
    ['--tensor-parallel-size', String(setup.gpusPerReplica)],
    ['--max-num-seqs', String(setup.maxSequences)],
    ['--max-num-batched-tokens', String(setup.maxBatchedTokens)],
    ['--max-model-len', String(longest)],
    ['--gpu-memory-utilization', '0.9'],
    setup.weights === 'fp8' ? ['--quantization', 'fp8'] : [],
  ].flat();
}

/** One replica: compose has one machine. */
function compose(option: PlanOption) {
  return {
    services: {
      [NAME]: {
        image: IMAGE,
        command: serverArgs(option),
        environment: { HF_TOKEN: required('HF_TOKEN'), VLLM_API_KEY: required('VLLM_API_KEY') },
        ports: [`127.0.0.1:${PORT}:${PORT}`],
        volumes: [`weights:${CACHE_PATH}`],
        ipc: 'host',
        restart: 'unless-stopped',
        stop_grace_period: `${GRACE_SECONDS.other}s`,
        healthcheck: {
          test: ['CMD', 'curl', '--fail', '--silent', `http://127.0.0.1:${PORT}/health`],
          interval: '10s',
          timeout: '5s',
          retries: 3,
          start_period: `${STARTUP_PROBES * 10}s`,
        },
        deploy: {
          resources: {
            reservations: {
              devices: [{ driver: 'nvidia', count: option.setup.gpusPerReplica, capabilities: ['gpu'] }],
            },
          },
        },
      },
    },
    volumes: { weights: {} },
  };
}

/** A variable that compose fills in, and stops without. */
function required(name: string): string {
  return `\${${name}:?}`;
}

const labels = { 'app.kubernetes.io/name': NAME };

function deployment(option: PlanOption) {
  const grace = option.price.kind === 'spot' ? GRACE_SECONDS.spot : GRACE_SECONDS.other;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, labels },
    spec: {
      replicas: option.replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: grace,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [container(option)],
          volumes: [
            { name: 'weights', persistentVolumeClaim: { claimName: `${NAME}-weights` } },
            { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '8Gi' } },
          ],
        },
      },
    },
  };
}

function container(option: PlanOption) {
  const health = { httpGet: { path: '/health', port: PORT }, timeoutSeconds: 5 };
  const secret = (name: string, key: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: `${NAME}-secrets`, key } },
  });
  return {
    name: NAME,
    image: IMAGE,
    args: serverArgs(option),
    ports: [{ name: 'http', containerPort: PORT }],
    env: [secret('HF_TOKEN', 'hf-token'), secret('VLLM_API_KEY', 'api-key')],
    resources: { limits: { 'nvidia.com/gpu': option.setup.gpusPerReplica } },
    startupProbe: { ...health, periodSeconds: 10, failureThreshold: STARTUP_PROBES },
    readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6 },
    lifecycle: { preStop: { exec: { command: ['sleep', String(DRAIN_SECONDS)] } } },
    volumeMounts: [
      { name: 'weights', mountPath: CACHE_PATH },
      { name: 'shared-memory', mountPath: '/dev/shm' },
    ],
  };
}

function service() {
  const ports = [{ name: 'http', port: PORT, targetPort: 'http' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, labels },
    spec: { selector: labels, ports },
  };
}

function disruptionBudget() {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: NAME },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  };
}

/** KEDA: more replicas when calls wait, up to twice the plan. */
function scaledObject({ replicas }: PlanOption) {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: NAME },
    spec: {
      scaleTargetRef: { name: NAME },
      minReplicaCount: replicas,
      maxReplicaCount: 2 * replicas,
      cooldownPeriod: 600,
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: 'http://prometheus.monitoring:9090',
            query: `sum(${serving.waitingMetric}{service="${NAME}"})`,
            threshold: '4',
          },
        },
      ],
    },
  };
}

function volumeClaim() {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${NAME}-weights` },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '500Gi' } } },
  };
}
