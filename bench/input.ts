import type { Engine } from "../src/engine/engine.js";
import type { Prepared } from "../src/engine/compile.js";
import { nodeEngine } from "../src/engine/node.js";
import type { BatchSource } from "../src/train/batches.js";
import { logDetEstimator } from "../src/train/config.js";
import { makeStep, type Case, type Step } from "./cases.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";
import { presetBatches } from "./preset-batches.js";

/** Steps timed together. */
const stretch = 10;

/**
 * Times a preset's step on one batch over and over, and as training does it: the next batch is
 * gathered, varied and given its noise while a step runs.
 */
export async function benchInput(args: readonly string[]): Promise<void> {
  const { threads, rounds } = wholeNumbers(args, { threads: 2, rounds: 5 });
  const engine = await nodeEngine({ threads });
  try {
    for (const name of ["mnist-classifier", "mnist-density"]) {
      const { test, source } = await presetCase(name);
      const figures = await measure(engine, test, source, rounds);
      const config = { preset: name, threads, rounds };
      const result = { name: "input", ...figures, config, engine: engine.description };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  } finally {
    await engine.close();
  }
}

/** A preset's step on the first of its batches. */
async function presetCase(name: string): Promise<{ test: Case; source: BatchSource }> {
  const { model, training, source, random } = await presetBatches(name);
  const isClassifier = model.task === "classification";
  const test: Case = {
    kind: isClassifier ? "classifier" : "density",
    model,
    config: {},
    logDet: isClassifier ? undefined : logDetEstimator(training.logDet),
    powerIterations: training.powerIterations,
    args: source.batch(0),
    random,
    lossOffset: 0,
  };
  return { test, source };
}

async function measure(
  engine: Engine,
  test: Case,
  source: BatchSource,
  rounds: number,
): Promise<Record<string, number>> {
  const step = await makeStep(engine, test, { withGradients: false });
  const preparing: number[] = [];
  const prepare = (i: number): Prepared => {
    const start = performance.now();
    const prepared = step.compiled.prepare(source.batch(i), test.random.split(i));
    preparing.push(performance.now() - start);
    return prepared;
  };
  let batches = 0;
  const times = await measureInTurn(
    {
      repeated: () => timeStretch(step, () => step.prepared),
      fed: () => timeStretch(step, () => prepare(batches++)),
    },
    { rounds, uncounted: 1 },
  );
  const [stepMs, fedMs] = [median(times.repeated), median(times.fed)];
  const prepareMs = median(preparing);
  return {
    step_ms: round(stepMs, 2),
    fed_step_ms: round(fedMs, 2),
    prepare_ms: round(prepareMs, 2),
    prepare_share: round(prepareMs / stepMs, 3),
    input_share: round(fedMs / stepMs - 1, 3),
  };
}

/** Mean milliseconds of a step, the next one's input being made while it runs. */
async function timeStretch(step: Step, inputOf: (i: number) => Prepared): Promise<number> {
  let ready = inputOf(0);
  const start = performance.now();
  for (let i = 1; i <= stretch; i++) {
    const running = step.compiled.run(ready, step.store);
    await Promise.resolve();
    ready = inputOf(i);
    await running;
  }
  return (performance.now() - start) / stretch;
}
