import type { Answer, Answers } from '../../advisor/profile/create.ts';
import type { Stack } from '../../stack/stack.ts';

/**
 * What the stack itself declares of a task, for one that has no profile: its data and latency class, where its route
 * leads, and that its calls stand behind one interface and are priced, since they come through here.
 */
export function answersOfStack(task: string, { tasks, deployments, providers }: Stack): Answers {
  const config = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  const say = (value: Answer['value']): Answer => ({ value, by: 'the stack', at: null });
  const seen: Answers = { 'practice.swappable': say(true), 'practice.costWatched': say(true) };
  if (!config) return seen;
  const own = config.route.targets.map(({ deployment }) => {
    const provider = deployments[deployment]?.provider;
    return provider !== undefined && providers[provider]?.dataPolicy.party === 'own';
  });
  const serving = own.every(Boolean) ? 'self-hosted' : own.some(Boolean) ? 'mix' : 'api';
  return {
    ...seen,
    'data.class': say(config.dataClass),
    'latency.class': say(config.latencyClass),
    ...(own.length > 0 && { 'stack.serving': say(serving) }),
  };
}
