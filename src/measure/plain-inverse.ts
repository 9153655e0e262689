import { expectArray } from "../border/arrays.js";
import { expectKind } from "../border/kinds.js";
import { Chain, ResidualBlock, type Bijection } from "../bijections/index.js";
import { compile, type Engine } from "../engine/index.js";
import { constant, loop, sub, type Tensor } from "../graph/index.js";
import type { Split } from "../data/index.js";
import { convergeNorms, type Model } from "../models/index.js";
import { expectAbility } from "../runner/index.js";
import { Context } from "../nn/index.js";
import { ndarray, scalarArray, type Arrays, type NDArray } from "../tree.js";
import { takeSpread } from "./batches.js";
import type { CurvePoint } from "./reconstruct.js";
import { Errors } from "./unit.js";

/** Iterations per block after which the inverse is measured. */
const iterationCounts = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50] as const;

const inverted = 100;

/** A model with an inverse, its numbers, and the engine to iterate on. */
export interface Invertible {
  readonly engine: Engine;
  readonly model: Model;
  readonly arrays: Arrays;
}

/**
 * x̂ = f⁻¹(f(x)) by n plain fixed-point iterations x ← y − g(x) in every residual block, for each
 * count n, `[B, ...shape]` each: the paper's inverse, which neither accelerates nor stops early.
 *
 * @param invertible the model, its arrays as inference takes them, and an engine
 * @param x `[B, ...shape]`, as the model takes it
 * @param counts iterations in every block
 * @throws {UsageError} if the model has no inverse.
 * @see Behrmann et al. 2019, algorithm 1, https://arxiv.org/abs/1811.00995
 */
export async function plainInverses(
  invertible: Invertible,
  x: NDArray,
  counts: readonly number[],
): Promise<NDArray[]> {
  expectKind(invertible, "object", "plainInverses");
  expectKind(counts, "list", "plainInverses");
  const { engine, model, arrays } = invertible;
  const { bijection } = expectAbility(model, "bijection", "plainInverses");
  expectArray(x, { where: "plainInverses", name: "x", event: model.shape });
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

/**
 * Errors of the plain inverse, in pixel units, after each of `iterationCounts` iterations, on
 * 100 images spread over a split.
 */
export async function inversionCurve(invertible: Invertible, split: Split): Promise<CurvePoint[]> {
  const { x } = takeSpread(split, inverted);
  const start = ndarray(x.data, x.shape);
  const backs = await plainInverses(invertible, start, iterationCounts);
  return backs.map((back, i) => {
    const errors = new Errors({ name: "pixel units", sizes: [() => 255] });
    errors.add(start, back);
    return { steps: iterationCounts[i]!, maxError: errors.max, meanError: errors.mean };
  });
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
