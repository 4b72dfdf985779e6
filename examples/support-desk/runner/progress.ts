/** A progress bar on the terminal; a line every tenth of the way where there is none. */
export interface Counts {
  done: number;
  triaged: number;
  correct: number;
  failed: number;
}

export interface Progress {
  step(counts: Counts): void;
  end(): void;
}

const BAR = 24;

export function createProgress(total: number, stream: NodeJS.WriteStream): Progress {
  const startedAt = Date.now();
  let tenth = 0;
  const toLine = ({ done, triaged, correct, failed }: Counts): string => {
    const filled = Math.round((done / total) * BAR);
    const left = done === 0 ? null : ((Date.now() - startedAt) / done) * (total - done);
    const parts = [
      `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${done}/${total} messages`,
      triaged === 0 ? '' : `${Math.round((correct / triaged) * 100)} % right`,
      failed > 0 ? `${failed} failed` : '',
      left === null || done === total ? '' : `${Math.ceil(left / 1000)} s left`,
    ];
    return parts.filter((part) => part !== '').join(' · ');
  };
  return {
    step(counts) {
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${`  ${toLine(counts)}`.slice(0, (stream.columns || 80) - 1)}`);
        return;
      }
      const reached = Math.floor((counts.done / total) * 10);
      if (reached === tenth) return;
      tenth = reached;
      stream.write(`  ${toLine(counts)}\n`);
    },
    end() {
      if (stream.isTTY) stream.write('\n');
    },
  };
}
