/** How a process that is told to stop (SIGTERM) takes its leave. */
import { z } from 'zod';
import type { ShutdownConfig } from './stack.ts';

const LONGEST_NOTICE_MS = 600_000;
/** As long as any answer may take. */
const LONGEST_DEADLINE_MS = 86_400_000;

export const DEFAULT_SHUTDOWN: ShutdownConfig = { noticeMs: 0, deadlineMs: 10_000 };

export const shutdownSchema = z
  .strictObject({
    noticeMs: z
      .int()
      .min(0)
      .max(LONGEST_NOTICE_MS)
      .default(DEFAULT_SHUTDOWN.noticeMs)
      .describe('Calls are still taken so long while `/readyz` fails already: a load balancer leaves first.'),
    deadlineMs: z
      .int()
      .min(0)
      .max(LONGEST_DEADLINE_MS)
      .default(DEFAULT_SHUTDOWN.deadlineMs)
      .describe('Then calls under way may take so long; what is left is cut with an error event.'),
  })
  .describe('Milliseconds that a process told to stop takes.');
