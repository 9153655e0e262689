import { Chain, ResidualBlock, type Bijection } from "../../bijections/index.js";
import { compile, type Engine } from "../../engine/index.js";
import { constant, loop, sub, type Tensor } from "../../graph/index.js";
import { convergeNorms } from "../../models/index.js";
import { Context } from "../../nn/index.js";
import { scalarArray, type NDArray } from "../../tree.js";
import type { Run } from "../run-folder.js";

/** Iterations per block after which the inverse is measured. */
export const iterationCounts = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50] as const;

/** A model with its numbers. */
export interface Invertible extends Pick<Run, "model" | "arrays"> {
  readonly bijection: Bijection;
}

/**
 * x̂ = f⁻¹(f(x)) by n plain fixed-point iterations x ← y − g(x) in every residual block, for each
 * count n, `[B, ...shape]` each: the paper's inverse, which neither accelerates nor stops early.
 *
 * @see Behrmann et al. 2019, algorithm 1, https://arxiv.org/abs/1811.00995
 */
export async function plainInverses(
  engine: Engine,
  { model, arrays, bijection }: Invertible,
  x: NDArray,
  counts: readonly number[],
): Promise<NDArray[]> {
  const store = await engine.createStore(arrays);
  const forward = compile(engine, ({ x }) => ({
    outputs: { z: bijection.forward(x!, new Context({ phase: "infer" })).value },
  }));
  const inverse = compile(engine, ({ z, steps }) => ({
    outputs: { x: plainInverse(partsOf(bijection), z!, steps!) },
  }));
  try {
    await convergeNorms(engine, model, store);
    const { z } = await forward.call({ x }, { store });
    const results: NDArray[] = [];
    for (const steps of counts) {
      const back = await inverse.call({ z: z!, steps: scalarArray(steps) }, { store });
      results.push(back.x!);
    }
    return results;
  } finally {
    await forward.close();
    await inverse.close();
    await store.close();
  }
}

function partsOf(bijection: Bijection): readonly Bijection[] {
  return bijection instanceof Chain ? bijection.parts : [bijection];
}

function plainInverse(parts: readonly Bijection[], z: Tensor, steps: Tensor): Tensor {
  const ctx = new Context({ phase: "infer" });
  return parts.reduceRight(
    (y, part) =>
      part instanceof ResidualBlock ? iterate(part, y, steps, ctx) : part.inverse(y, ctx).value,
    z,
  );
}

function iterate({ branch }: ResidualBlock, y: Tensor, steps: Tensor, ctx: Context): Tensor {
  const { x } = loop(
    { x: y },
    {
      next: ({ x }) => ({ x: sub(y, branch.apply(x, ctx)) }),
      goOn: () => constant(1),
      steps,
    },
  );
  return x;
}
