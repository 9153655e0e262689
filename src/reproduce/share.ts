/** What a row needs, in seconds. */
export interface Need {
  /** Measuring, validation included. */
  readonly evaluationSeconds: number;
  readonly secondsPerStep: number;
  /** Steps of the preset: the most it takes. */
  readonly presetSteps: number;
}

/**
 * Steps of each row, at least 1, such that all of them, so many at once, end within the budget:
 * equal shares, and what a row doesn't need for its preset's own steps goes to the others.
 */
export function shareBudget(
  budgetSeconds: number,
  needs: readonly Need[],
  atOnce: number,
): readonly number[] {
  const stepsOf = (share: number): readonly number[] =>
    needs.map(({ evaluationSeconds, secondsPerStep, presetSteps }) => {
      const fit = Math.floor((share - evaluationSeconds) / secondsPerStep);
      return Math.max(1, Math.min(presetSteps, fit));
    });
  const fits = (steps: readonly number[]): boolean =>
    totalSeconds(
      needs.map((need, i) => secondsOf(need, steps[i]!)),
      atOnce,
    ) <= budgetSeconds;
  // The largest share that fits, to a part in 2⁵⁰.
  let share = 0;
  for (let part = budgetSeconds; part > budgetSeconds * 2 ** -50; part /= 2) {
    if (fits(stepsOf(share + part))) share += part;
  }
  return stepsOf(share);
}

/** Seconds that a row takes for so many steps. */
export function secondsOf(
  { evaluationSeconds, secondsPerStep }: Omit<Need, "presetSteps">,
  steps: number,
): number {
  return evaluationSeconds + steps * secondsPerStep;
}

/** Seconds until all rows have ended, so many at once, the longest first. */
export function totalSeconds(rows: readonly number[], atOnce: number): number {
  const ends = new Array<number>(atOnce).fill(0);
  for (const seconds of [...rows].sort((a, b) => b - a)) {
    ends[ends.indexOf(Math.min(...ends))]! += seconds;
  }
  return Math.max(...ends);
}

/** Steps below which a row says nothing of its preset: a hundredth of the preset's, at least 10. */
export function leastSteps(presetSteps: number): number {
  return Math.min(presetSteps, Math.max(10, Math.ceil(presetSteps / 100)));
}

/** Whether so few steps make a row a poor stand-in for its preset: less than a tenth of them. */
export function isShort({ steps, presetSteps }: { steps: number; presetSteps: number }): boolean {
  return steps < presetSteps / 10;
}

/** Seconds until all rows have ended after their least steps. */
export function leastSeconds(needs: readonly Need[], atOnce: number): number {
  return totalSeconds(
    needs.map((need) => secondsOf(need, leastSteps(need.presetSteps))),
    atOnce,
  );
}
