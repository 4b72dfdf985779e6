import { leastLoaded } from './least-loaded.ts';
import { ordered } from './ordered.ts';
import type { RoutingPolicy } from './policy.ts';
import { weighted } from './weighted.ts';

/** Every routing policy. Adding one: a file, and a line here. */
export const policies: readonly RoutingPolicy[] = [ordered, weighted, leastLoaded];
