/** What a measured process tells of itself. */
export interface Figures {
  /** User and system time so far, microseconds. */
  cpuUs: number;
  systemUs: number;
  rssBytes: number;
  heapUsedBytes: number;
}

/** Answers each `figures` message of the parent, and ends with it. */
export function answerFigures(): void {
  process.on('message', (message) => {
    if (message !== 'figures') return;
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({
      cpuUs: user + system,
      systemUs: system,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
    } satisfies Figures);
  });
  process.on('disconnect', () => process.exit());
}
