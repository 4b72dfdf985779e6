/** Sequences by the step they finish in, soonest first: a binary heap in two plain arrays, which allocates nothing a call. */
export class FinishHeap {
  private readonly steps: number[] = [];
  private readonly sequences: number[] = [];

  get size(): number {
    return this.steps.length;
  }

  /** Step of the soonest; Infinity when empty. */
  get soonestStep(): number {
    return this.steps[0] ?? Number.POSITIVE_INFINITY;
  }

  get soonest(): number {
    return this.sequences[0] ?? -1;
  }

  push(step: number, sequence: number): void {
    const { steps, sequences } = this;
    let at = steps.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = steps[parent] as number;
      if (above <= step) break;
      steps[at] = above;
      sequences[at] = sequences[parent] as number;
      at = parent;
    }
    steps[at] = step;
    sequences[at] = sequence;
  }

  pop(): void {
    const { steps, sequences } = this;
    const step = steps.pop();
    const sequence = sequences.pop();
    const size = steps.length;
    if (step === undefined || sequence === undefined || size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (steps[child + 1] as number) < (steps[child] as number)) child++;
      if ((steps[child] as number) >= step) break;
      steps[at] = steps[child] as number;
      sequences[at] = sequences[child] as number;
      at = child;
    }
    steps[at] = step;
    sequences[at] = sequence;
  }
}
