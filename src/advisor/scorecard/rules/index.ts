/** Every rule, by dimension. Adding one: an entry in the file of its dimension. */
import type { DimensionId } from '../../advice.ts';
import type { Rule } from '../rule.ts';
import { COST_RULES } from './cost.ts';
import { DATA_RULES } from './data.ts';
import { LATENCY_RULES } from './latency.ts';
import { QUALITY_RULES } from './quality.ts';
import { TEAM_RULES } from './team.ts';

export interface Dimension {
  id: DimensionId;
  label: string;
  /** What the article asks there. */
  asks: string;
  rules: readonly Rule[];
}

export const DIMENSIONS: readonly Dimension[] = [
  { id: 'quality', label: 'Quality and capability', asks: 'How hard is the task?', rules: QUALITY_RULES },
  {
    id: 'data',
    label: 'Data sensitivity and compliance',
    asks: 'What does our legal / security team require for vendor usage?',
    rules: DATA_RULES,
  },
  {
    id: 'latency',
    label: 'Latency and reliability',
    asks: 'How sensitive is the experience to occasional slowdowns?',
    rules: LATENCY_RULES,
  },
  {
    id: 'cost',
    label: 'Cost now and at scale',
    asks: 'What is our expected volume in the next 6–12 months?',
    rules: COST_RULES,
  },
  {
    id: 'team',
    label: 'Team and execution capacity',
    asks: 'Are we willing to maintain this stack for years?',
    rules: TEAM_RULES,
  },
];
