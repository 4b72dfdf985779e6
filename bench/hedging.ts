/**
 * What hedging does to the slow tail: `node bench/hedging.ts [calls] [at once]`.
 *
 * Two deployments answer streams within 20 ms, but 5 % of their answers take 400 ms to the first token. The same calls,
 * once without and once with `hedge: {}`, in turns; prints time to first token and what was spent beyond the answers.
 */
import { percentiles } from './gateway/percentiles.ts';
import { runAll, slowTail, startBench } from './support.ts';

