import { article } from '../../article.ts';
import { any, flagged, has, is, over } from '../condition.ts';
import type { Rule } from '../rule.ts';

/** Data sensitivity and compliance (article 2.2). More sensitive never speaks for a third party. */
export const DATA_RULES: readonly Rule[] = [
  {
    id: 'data.class',
    source: article('4', 'Full control over where data and logs live'),
    cases: [
      {
        when: is('data.class', 'restricted'),
        says: 'Restricted data belongs where you control data and logs.',
        points: {
          'hosted-api': -4,
          hybrid: -3,
          'self-hosted': 3,
          'private-deployment': 2,
          'fine-tuned-api': -4,
        },
      },
      {
        when: is('data.class', 'confidential'),
        says: 'Confidential data is safest where you control data and logs.',
        points: {
          'hosted-api': -1.5,
          hybrid: -0.5,
          'self-hosted': 2,
          'private-deployment': 1.5,
          'fine-tuned-api': -1,
        },
      },
      {
        when: is('data.class', 'internal'),
        says: 'Internal data is harmless outside.',
        points: { 'self-hosted': 0.5, 'private-deployment': 0.5 },
      },
      {
        when: is('data.class', 'public'),
        says: 'Public data may go anywhere.',
        points: { 'hosted-api': 1, hybrid: 0.5 },
      },
    ],
  },
  {
    id: 'data.policy',
    source: article('2.2', 'What does our legal / security team require for vendor usage?'),
    cases: [
      {
        when: is('data.thirdParty', 'forbidden'),
        says: 'No third party may see it.',
        points: {
          'hosted-api': -4,
          hybrid: -3,
          'self-hosted': 1,
          'private-deployment': 0.5,
          'fine-tuned-api': -4,
        },
      },
      {
        when: is('data.thirdParty', 'terms'),
        says: 'Vendors need strict terms first.',
        points: { 'hosted-api': -0.5, 'self-hosted': 0.5, 'fine-tuned-api': -0.5 },
      },
      {
        when: is('data.thirdParty', 'allowed'),
        says: 'No rule stands against a vendor.',
        points: { 'hosted-api': 1, hybrid: 0.5 },
      },
    ],
  },
  {
    id: 'data.boundary',
    source: article('2.2', 'Does any of this data leave our VPC / region?'),
    cases: [
      {
        when: is('data.boundary', 'network'),
        says: 'The data stays in your network.',
        points: {
          'hosted-api': -4,
          hybrid: -3,
          'self-hosted': 2,
          'private-deployment': 1,
          'fine-tuned-api': -4,
        },
      },
      {
        when: is('data.boundary', 'region'),
        says: 'The data stays in its region: fewer vendors, more to check.',
        points: {
          'hosted-api': -1,
          hybrid: -0.5,
          'self-hosted': 1,
          'private-deployment': 1,
          'fine-tuned-api': -1,
        },
      },
    ],
  },
  {
    id: 'data.kinds',
    source: article('2.2', 'Are we handling PII, regulated data (health / finance), or trade secrets?'),
    cases: [
      {
        when: has('data.kinds', 'health', 'financial', 'secrets'),
        says: 'Regulated data or trade secrets raise what a vendor must promise.',
        points: {
          'hosted-api': -1.5,
          hybrid: -1,
          'self-hosted': 1,
          'private-deployment': 1,
          'fine-tuned-api': -1,
          caching: -0.5,
        },
      },
      {
        when: any(has('data.kinds', 'personal'), over('data.personalShare', 0.02)),
        says: 'Personal data is in the prompts.',
        points: {
          'hosted-api': -1,
          hybrid: -0.5,
          'self-hosted': 0.5,
          'private-deployment': 0.5,
          'fine-tuned-api': -1,
          caching: -0.5,
        },
      },
    ],
  },
  {
    id: 'data.terms',
    source: article('1.1', 'Data governance questions, depending on provider and region'),
    cases: [
      {
        when: flagged('data.termsKnown', false),
        says: 'Nobody has read what the vendor keeps and uses.',
        points: { 'hosted-api': -1, hybrid: -0.5, 'fine-tuned-api': -1 },
      },
    ],
  },
];
