import { pino } from 'pino';
import type { Logger } from '../core/log.ts';

export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The server's logger. JSON lines where a program reads stderr, one plain line each where a person does. The default
 * level `warn` keeps a healthy server silent.
 */
export function createLogger(level: LogLevel, stream: NodeJS.WriteStream = process.stderr): Logger {
  const destination = stream.isTTY
    ? { write: (line: string) => void stream.write(toPlainLine(line)) }
    : stream;
  return pino({ level, base: null }, destination);
}

const NAMES: Record<number, string> = { 30: 'info ', 40: 'warn ', 50: 'error' };

/** `14:03:22 warn  the control thread ended (restartMs=250)` */
function toPlainLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg: string };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const details = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return `${clock} ${NAMES[level] ?? level} ${msg}${details.length > 0 ? ` (${details.join(', ')})` : ''}\n`;
}
