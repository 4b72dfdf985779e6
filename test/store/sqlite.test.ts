import { describe } from 'vitest';
import { describeStore } from './contract.ts';
import { sqlitePlace } from './engines.ts';
import { describeLife } from './life.ts';

describe('SQLite', () => {
  describeStore(sqlitePlace, { runs: 30 });
  describeLife(sqlitePlace);
});
