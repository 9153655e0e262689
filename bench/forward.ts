import { compile } from "../src/engine/compile.js";
import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import { convergeNorms } from "../src/models/index.js";
import { Context } from "../src/nn/index.js";
import { classifierCase, moved, type CaseOptions } from "./cases.js";
import { fold } from "./folded.js";
import { jaxForward } from "./forward-jax.js";
import { tensorflowForward } from "./forward-tfjs.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

type Name = "ours" | "tensorflow" | "jax";

/** Gives the logits of one batch, as often as it is called. */
export type Forward = () => Promise<Float32Array>;

/** Ours and others' forward pass of one classifier on one batch. */
export async function makeForwards(
  engine: Engine,
  options: CaseOptions,
): Promise<Record<Name, Forward>> {
  const { model, args, random } = classifierCase(options);
  const store = await engine.createStore(moved(model.scope.initialArrays(random), random));
  await convergeNorms(engine, model, store);
  const net = await fold(engine, model, store);
  const x = args.x!;
  const compiled = compile(engine, (batch) => ({
    outputs: { logits: model.classifier.logits(batch.x!, new Context({ phase: "infer" })) },
  }));
  const prepared = compiled.prepare({ x });
  return {
    ours: async () => (await compiled.run(prepared, store)).logits!.data,
    tensorflow: await tensorflowForward(net, x),
    jax: await jaxForward(net, x),
  };
}

/** Largest difference of two results. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Times the classifier's forward pass, ours and others', in turn, after comparing the logits. */
export async function benchForward(args: readonly string[]): Promise<void> {
  const { batch, threads, rounds } = wholeNumbers(args, { batch: 32, threads: 1, rounds: 5 });
  const engine = await nodeEngine({ threads });
  try {
    const forwards = await makeForwards(engine, { batch });
    const difference = await compare(forwards);
    const timed = (forward: Forward) => async () => {
      const start = performance.now();
      await forward();
      return performance.now() - start;
    };
    const times = await measureInTurn(
      {
        ours: timed(forwards.ours),
        tensorflow: timed(forwards.tensorflow),
        jax: timed(forwards.jax),
      },
      { rounds },
    );
    const ours = median(times.ours);
    const [tensorflow, jax] = [median(times.tensorflow), median(times.jax)];
    const result = {
      name: "forward",
      ours_ms: round(ours, 1),
      tensorflow_ms: round(tensorflow, 1),
      jax_ms: round(jax, 1),
      ratio_to_tensorflow: round(ours / tensorflow, 3),
      ratio_to_jax: round(ours / jax, 3),
      largest_difference: difference,
      config: { batch, threads, rounds },
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await engine.close();
  }
}

/** How far others' logits are from ours. @throws {Error} if that is more than rounding. */
async function compare(forwards: Readonly<Record<Name, Forward>>): Promise<number> {
  const logits = await forwards.ours();
  const others = [await forwards.tensorflow(), await forwards.jax()];
  const difference = Math.max(...others.map((other) => largestDifference(logits, other)));
  if (difference <= 1e-3) return difference;
  throw new Error(`expected logits within 0.001 of ours, others are ${difference} off`);
}
