/** What a row needs, in seconds. */
export interface Need {
  /** Measuring, validation included. */
  readonly evaluationSeconds: number;
  readonly secondsPerStep: number;
  /** Steps of the preset: the most it takes. */
  readonly presetSteps: number;
}

/**
 * Steps of each row, at least 1, such that all of them together take the budget: equal shares of
 * it, and what a row doesn't need for its preset's own steps goes to the others.
 */
export function shareBudget(budgetSeconds: number, needs: readonly Need[]): readonly number[] {
  const steps = new Map<Need, number>();
  let left = budgetSeconds;
  const byNeed = [...needs].sort(
    (a, b) => secondsOf(a, a.presetSteps) - secondsOf(b, b.presetSteps),
  );
  byNeed.forEach((need, i) => {
    const share = left / (byNeed.length - i);
    const fit = Math.floor((share - need.evaluationSeconds) / need.secondsPerStep);
    const taken = Math.max(1, Math.min(need.presetSteps, fit));
    steps.set(need, taken);
    left -= secondsOf(need, taken);
  });
  return needs.map((need) => steps.get(need)!);
}

/** Seconds that a row takes for so many steps. */
export function secondsOf(
  { evaluationSeconds, secondsPerStep }: Omit<Need, "presetSteps">,
  steps: number,
): number {
  return evaluationSeconds + steps * secondsPerStep;
}
