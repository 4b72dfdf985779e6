import { describe } from 'vitest';
import { describeStore } from './contract.ts';
import { postgresPlace } from './engines.ts';
import { describeLife } from './life.ts';

describe('PostgreSQL', () => {
  describeStore(postgresPlace, { runs: 4 });
  describeLife(postgresPlace);
});
