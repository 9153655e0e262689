interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Turns {
  /** Runs a step, which doesn't fail, once those that were added before are done. */
  add(name: string, run: Step["run"]): void;
  /** Forgets those that wait. */
  clear(): void;
}

/**
 * Steps one after another, none left out.
 *
 * @param told the names of those that wait, whenever they change
 */
export function inTurn(told: (waiting: readonly string[]) => void): Turns {
  let steps: Step[] = [];
  let isRunning = false;
  const tell = (): void => {
    told(steps.map(({ name }) => name));
  };
  const runAll = async (): Promise<void> => {
    isRunning = true;
    for (let step = steps.shift(); step; step = steps.shift()) {
      tell();
      await step.run();
    }
    isRunning = false;
  };
  return {
    add: (name, run) => {
      steps.push({ name, run });
      if (isRunning) tell();
      else void runAll();
    },
    clear: () => {
      steps = [];
      tell();
    },
  };
}
