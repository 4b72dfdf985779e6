import { choice, choices, flag, list, number } from '../field.ts';

/** What the data is and where it may go. */
export const DATA_FIELDS = {
  'data.class': choice({
    label: 'Data class',
    question: 'How sensitive is the data in the prompts?',
    why: 'Decides before anything is weighed: restricted data goes to no third party.',
    options: {
      public: 'may be read by anyone',
      internal: 'ours, harmless outside',
      confidential: 'harmful outside: customers, contracts',
      restricted: 'may reach no third party at all',
    },
  }),
  'data.thirdParty': choice({
    label: 'Third-party models',
    question: 'What does your legal or security team say about a vendor seeing this data?',
    why: 'The first question of the decision path: is sending it to a third-party model strictly forbidden?',
    options: {
      forbidden: 'no third-party model may see it',
      terms: 'only with strict enterprise terms and data controls',
      allowed: 'no special rule',
    },
  }),
  'data.privateCloud': flag({
    label: 'Private deployment allowed',
    question: 'May a proprietary model see it when it runs inside your own cloud account?',
    why: 'Where third parties are forbidden this is the other way out besides open models.',
  }),
  'data.boundary': choice({
    label: 'How far the data may travel',
    question: 'May any of this data leave your network or region?',
    why: 'A region or network boundary leaves fewer vendors, or none.',
    options: {
      anywhere: 'anywhere',
      region: 'not out of the region',
      network: 'not out of our own network',
    },
  }),
  'data.vendorInRegion': flag({
    label: 'A vendor in the region',
    question: 'Does a vendor you would use serve that region, in writing?',
    why: 'With a region boundary, a vendor without the region is out.',
  }),
  'data.regions': list({
    label: 'Regions of the data',
    question: 'In which regions must the data stay?',
    why: 'Goes into the stack: deployments outside are refused.',
    example: 'eu',
  }),
  'data.kinds': choices({
    label: 'Kinds of sensitive data',
    question: 'Are you handling personal data, regulated data or trade secrets?',
    why: 'Raises what a vendor must promise, and what must be redacted and logged.',
    options: {
      none: 'none of these',
      personal: 'personal data',
      health: 'health data',
      financial: 'financial data',
      secrets: 'trade secrets',
    },
  }),
  'data.regulation': list({
    label: 'Regulation',
    question: 'Which regulations apply?',
    why: 'Named in the report for the people who must sign it.',
    example: 'GDPR, HIPAA',
  }),
  'data.termsKnown': flag({
    label: 'Vendor terms read',
    question: 'Has somebody read the data usage and retention policy of the vendor?',
    why: 'A watch-out of starting with APIs: understand usage and retention clearly.',
  }),
  'data.personalShare': number({
    label: 'Prompts with personal data',
    question: 'Which share of prompts holds personal data?',
    why: 'Measured from captured prompts it overrules what people believe.',
    unit: 'share',
    max: 1,
  }),
} as const;

/** How soon, how steadily and where answers are needed. */
export const LATENCY_FIELDS = {
  'latency.class': choice({
    label: 'Interactive or batch',
    question: 'Does somebody wait for the answer?',
    why: 'Batch work may wait for hours at half the price; interactive work may not.',
    options: {
      interactive: 'a person waits: sub-second to a few seconds',
      standard: 'a program waits, some seconds are fine',
      batch: 'nobody waits: minutes or hours are fine',
    },
  }),
  'latency.slowdowns': choice({
    label: 'Occasional slowdowns',
    question: 'How much does an occasional slow answer hurt?',
    why: 'API models share capacity with strangers; tight control is what self-hosting can buy.',
    options: { fine: 'nobody minds', annoying: 'people notice', critical: 'it breaks the product' },
  }),
  'latency.ttftP95TargetMs': number({
    label: 'Target for the first token (p95)',
    question: 'Within how many milliseconds must the first token arrive, 95 times in 100?',
    why: 'Sizes the GPUs of self-hosting, and says whether an extra network hop fits.',
    unit: 'ms',
    min: 1,
    max: 86_400_000,
    slack: 1,
  }),
  'latency.nearRegions': flag({
    label: 'Low latency in specific regions',
    question: 'Do you need low latency in specific regions?',
    why: 'Self-hosting can stand next to your data and services; a vendor may be a continent away.',
  }),
  'latency.ttftP95Ms': number({
    label: 'First token today (p95)',
    question: 'How many milliseconds until the first token today, 95 times in 100?',
    why: 'Compared with the target.',
    unit: 'ms',
    max: 86_400_000,
  }),
  'latency.endToEndP95Ms': number({
    label: 'Whole answer today (p95)',
    question: 'How many milliseconds does the whole answer take today, 95 times in 100?',
    why: 'Shows whether latency is a problem at all.',
    unit: 'ms',
    max: 86_400_000,
  }),
  'reliability.errorShare': number({
    label: 'Failed calls',
    question: 'Which share of calls fails today?',
    why: 'A second deployment behind the same task mends outages of one vendor.',
    unit: 'share',
    max: 1,
  }),
} as const;
