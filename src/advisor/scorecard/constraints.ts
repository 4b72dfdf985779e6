/** What rules an option out before anything is weighed. Data policy first. */
import type { Exclusion } from '../advice.ts';
import { article, judgement } from '../article.ts';
import type { TargetId } from '../options.ts';
import type { Profile } from '../profile/profile.ts';
import { all, any, type Condition, factsOf, flagged, holds, is, not, over } from './condition.ts';

export interface Constraint {
  id: string;
  targets: readonly TargetId[];
  when: Condition;
  reason: string;
  source: Exclusion['source'];
}

/** No third party may see the data, by policy, by class or by network. */
const FORBIDDEN = any(
  is('data.thirdParty', 'forbidden'),
  is('data.class', 'restricted'),
  is('data.boundary', 'network'),
);

export const CONSTRAINTS: readonly Constraint[] = [
  {
    id: 'third-party-forbidden',
    targets: ['hosted-api', 'hybrid', 'fine-tuned-api'],
    when: FORBIDDEN,
    reason: 'No third-party model may see this data.',
    source: article('2.2', 'If policy says “no third-party model can see this data”, you’ll lean towards:'),
  },
  {
    id: 'private-forbidden',
    targets: ['private-deployment'],
    when: all(FORBIDDEN, flagged('data.privateCloud', false)),
    reason: 'A proprietary model may not see it, not even in your own cloud.',
    source: article('2.2', 'Private deployments of proprietary models offered in your own cloud.'),
  },
  {
    id: 'no-vendor-in-region',
    targets: ['hosted-api', 'hybrid', 'fine-tuned-api'],
    when: all(is('data.boundary', 'region'), flagged('data.vendorInRegion', false)),
    reason: 'The data may not leave its region, and no vendor serves it there.',
    source: article('2.2', 'Does any of this data leave our VPC / region?'),
  },
  {
    id: 'no-gpus',
    targets: ['self-hosted', 'hybrid', 'fine-tuned-self-hosted'],
    when: is('assets.gpus', 'none'),
    reason: 'There is no way to get GPUs.',
    source: article(
      '1.2',
      'on your own infra (cloud or on-prem), often with custom serving and optimization',
    ),
  },
  {
    id: 'no-people',
    targets: ['self-hosted', 'hybrid', 'fine-tuned-self-hosted'],
    when: all(is('team.ranModels', 'no'), flagged('team.willBuild', false)),
    reason: 'Nobody has run models, and nobody is willing to build the capability.',
    source: article('1.2', 'Need for in-house ML and infra expertise'),
  },
  {
    id: 'context-too-long',
    targets: ['self-hosted'],
    when: over('work.contextTokens', 1_000_000),
    reason: 'A context of more than a million tokens is beyond what open models are commonly served with.',
    source: judgement(
      'Open models are published with contexts up to 128,000 and, in few cases, 1,000,000 tokens.',
    ),
  },
  {
    id: 'open-labels',
    targets: ['specialist'],
    when: not(is('work.kind', 'classification')),
    reason: 'A specialist picks from a closed set of labels; this task does not.',
    source: article('2.4', 'At very high scale or where you can run smaller specialized models'),
  },
  {
    id: 'no-examples',
    targets: ['fine-tuned-api', 'fine-tuned-self-hosted', 'specialist'],
    when: all(not(over('examples.labelled', 49)), flagged('examples.canCreate', false)),
    reason: 'There are no labelled examples, and nobody can make them.',
    source: article('1.3', 'Need for curated training data'),
  },
];

/** What is ruled out of a target for sure, and what would be if an unknown fact turned out so. */
export function exclusionsOf(
  target: TargetId,
  profile: Profile,
): { excluded: Exclusion[]; possible: Exclusion[] } {
  const excluded: Exclusion[] = [];
  const possible: Exclusion[] = [];
  for (const { id, targets, when, reason, source } of CONSTRAINTS) {
    if (!targets.includes(target)) continue;
    const answer = holds(when, profile);
    const exclusion = { constraint: id, reason, facts: factsOf(when), source };
    if (answer === true) excluded.push(exclusion);
    if (answer === null) possible.push(exclusion);
  }
  return { excluded, possible };
}
