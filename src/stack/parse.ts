import { checkShape } from './check-shape.ts';
import { didYouMean } from './nearest.ts';
import { definedOf, type Entries, type ParseContext, type ParseOptions } from './parse-context.ts';
import { parseDeployments } from './parse-deployments.ts';
import { parseProviders } from './parse-providers.ts';
import { parseTasks } from './parse-tasks.ts';
import { createProblems, type Problems } from './problems.ts';
import {
  DEFAULT_GATEWAY,
  DEFAULT_TIMEOUTS,
  gatewaySchema,
  retentionSchema,
  spoolSchema,
  stackSchema,
} from './schema.ts';
import type { GatewayConfig, Stack } from './stack.ts';

const SECTIONS = Object.keys(stackSchema.shape);

/**
 * Parses a config as people write it into a {@link Stack}: defaults filled in, shorthand expanded, every reference
 * checked. Throws TrimtabError(config_invalid) that lists everything wrong, each with its path and, where a name is
 * near a known one, the nearest valid spelling. Secrets stay references; see `secrets.ts`.
 */
export function parseStack(input: unknown, options: ParseOptions): Stack {
  const problems = createProblems();
  const context: ParseContext = { ...options, problems };
  const sections = readSections(input, problems);
  const gateway = parseGateway(sections.gateway, problems);
  const providers = parseProviders(entriesOf(sections, 'providers', problems), context);
  const deployments = parseDeployments(entriesOf(sections, 'deployments', problems), {
    ...context,
    providers,
    timeouts: gateway.timeouts,
  });
  const tasks = parseTasks(entriesOf(sections, 'tasks', problems), {
    ...context,
    providers,
    deployments,
    timeouts: gateway.timeouts,
  });
  const at = (section: string) => ({ path: [section], problems });
  const spool = checkShape(spoolSchema, sections.spool ?? {}, at('spool'));
  const retention = checkShape(retentionSchema, sections.retention ?? {}, at('retention'));
  problems.throwIfAny();
  if (!spool || !retention) throw new Error('a section failed without saying why');
  return {
    providers: Object.fromEntries(providers.valid),
    deployments: Object.fromEntries(deployments.valid),
    tasks: Object.fromEntries(tasks),
    gateway,
    spool,
    retention,
  };
}

function readSections(input: unknown, problems: Problems): Record<string, unknown> {
  if (!isRecord(input)) {
    problems.addValue([], input, 'is not an object with providers, deployments and tasks');
    return {};
  }
  for (const key of Object.keys(input)) {
    if (SECTIONS.includes(key)) continue;
    const hint = didYouMean(key, SECTIONS);
    problems.add([key], `unknown key${hint === '' ? `; known here: ${SECTIONS.join(', ')}` : hint}`);
  }
  return { ...input };
}

function entriesOf(sections: Record<string, unknown>, section: string, problems: Problems): Entries {
  const value = sections[section] ?? {};
  if (isRecord(value)) return Object.entries(value);
  problems.addValue([section], value, `is not an object of ${section} by name`);
  return [];
}

function parseGateway(value: unknown, problems: Problems): GatewayConfig {
  const parsed = checkShape(gatewaySchema, value ?? {}, { path: ['gateway'], problems });
  if (!parsed) return DEFAULT_GATEWAY;
  return { ...parsed, timeouts: { ...DEFAULT_TIMEOUTS, ...definedOf(parsed.timeouts ?? {}) } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
