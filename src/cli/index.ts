/** Every command: an explicit list. Adding one: a file, and an entry here. A command's code loads when it is called. */
import type { ArgsDef, CommandDef } from 'citty';

export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<CommandDef<ArgsDef>>;
}

/** Citty types each command by its own flags; the list only runs them. */
function entry(name: string, summary: string, load: () => Promise<unknown>): CommandEntry {
  return { name, summary, load: load as () => Promise<CommandDef<ArgsDef>> };
}

export const commands: readonly CommandEntry[] = [
  entry(
    'start',
    'Start the server: gateway, control API and dashboard',
    async () => (await import('./start.ts')).startCommand,
  ),
  entry(
    'init',
    'Write a config from what is on this machine',
    async () => (await import('./init.ts')).initCommand,
  ),
  entry(
    'check',
    'Check the config: shape, secrets, routes, data policy, prices',
    async () => (await import('./check.ts')).checkCommand,
  ),
  entry(
    'status',
    'What runs, from which config, and how it is doing',
    async () => (await import('./status.ts')).statusCommand,
  ),
  entry(
    'advise',
    'Advise on one task: which stack, why, at what cost, what next',
    async () => (await import('./advise.ts')).adviseCommand,
  ),
  entry(
    'portfolio',
    'All advised tasks: spend, risk and the next best move',
    async () => (await import('./portfolio.ts')).portfolioCommand,
  ),
  entry(
    'roadmap',
    'Phase of each task, what ends it, and the next steps',
    async () => (await import('./portfolio.ts')).roadmapCommand,
  ),
  entry(
    'recommendations',
    'What the advisor proposes, what was decided, and what came of it',
    async () => (await import('./recommendations.ts')).recommendationsCommand,
  ),
  entry('calls', 'List, follow and show calls', async () => (await import('./calls.ts')).callsCommand),
  entry(
    'costs',
    'What was spent, by task, user, deployment or key',
    async () => (await import('./costs.ts')).costsCommand,
  ),
  entry(
    'keys',
    'List, create, disable and enable virtual keys',
    async () => (await import('./keys.ts')).keysCommand,
  ),
  entry(
    'deployments',
    "List, drain and resume deployments; engines' models and LoRA adapters",
    async () => (await import('./deployments.ts')).deploymentsCommand,
  ),
  entry(
    'batches',
    'List, show, create and cancel batches',
    async () => (await import('./batches.ts')).batchesCommand,
  ),
  entry(
    'revisions',
    'List, show, compare and roll back revisions of the stack',
    async () => (await import('./revisions.ts')).revisionsCommand,
  ),
  entry(
    'import',
    'Bring usage that other tools recorded, so that advice starts from it',
    async () => (await import('./import.ts')).importCommand,
  ),
  entry(
    'capacity',
    'Facts of open models and GPUs, GPU prices, error of the performance model',
    async () => (await import('./capacity.ts')).capacityCommand,
  ),
  entry(
    'bench',
    'Load-test a deployment: what it sustains within a latency target',
    async () => (await import('./bench.ts')).benchCommand,
  ),
  entry(
    'plan',
    'Cheapest GPUs that serve an open model within a latency target',
    async () => (await import('./plan.ts')).planCommand,
  ),
];
