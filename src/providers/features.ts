/** What a vendor's API can carry, as data: the table in the docs and the contract suite are made of it. */

/** By the names the table shows them under. */
export const FEATURES = {
  streaming: 'streams',
  tools: 'tools',
  parallelTools: 'parallel tool calls',
  jsonMode: 'JSON mode',
  jsonSchema: 'JSON schema',
  images: 'images in',
  files: 'files in',
  audio: 'audio in',
  reasoning: 'reasoning effort',
  logprobs: 'logprobs',
  manyChoices: 'n > 1',
  stop: 'stop',
  seed: 'seed',
  promptCache: 'prompt cache control',
  serviceTier: 'service tier',
} as const;

export type Feature = keyof typeof FEATURES;

/** Of the vendor's API as a whole: a model may have less. Absent: not known. */
export type Features = Readonly<Partial<Record<Feature, boolean>>>;

const NAMES = Object.keys(FEATURES) as Feature[];

/** Features from two lists of names, separated by blanks. Throws on a name that is none, and on one in both. */
export function toFeatures(can: string, cannot = ''): Features {
  const features: Partial<Record<Feature, boolean>> = {};
  for (const [list, value] of [
    [can, true],
    [cannot, false],
  ] as const) {
    for (const word of list.split(' ').filter((part) => part !== '')) {
      const name = NAMES.find((known) => known === word);
      if (!name) throw new Error(`there is no feature "${word}"`);
      if (features[name] !== undefined) throw new Error(`the feature "${word}" stands twice`);
      features[name] = value;
    }
  }
  return features;
}

/** A translation knows what it carries: what it does not list it refuses. */
export function onlyFeatures(can: string): Features {
  const known = toFeatures(can);
  return Object.fromEntries(NAMES.map((name) => [name, known[name] === true]));
}
