import type { NDArray } from "../tree.js";
import { expectConverged, unconverged, type Measured } from "./checks.js";
import type { Core } from "./core.js";
import { expectAbility } from "./entry.js";
import { forwardTrace, inverseTrace } from "./graphs.js";
import { limitArrays, limitOptions, type InverseLimits } from "./limits.js";
import {
  enterLatents,
  enterRows,
  expectNumbers,
  expectRowOptions,
  withNaN,
  type RowOptions,
} from "./rows.js";

export interface Inverse {
  /** `[B, ...shape]`, in the data's units. */
  readonly x: NDArray<Float64Array>;
  readonly checks: readonly Measured[];
}

/** z = f(x): see {@link forwardTrace}. */
export async function forward(core: Core, x: unknown, options: RowOptions): Promise<NDArray> {
  const where = "Runner.forward";
  const { model, preprocessor } = core;
  const bijective = expectAbility(model, "bijection", where);
  expectRowOptions(options, [], where);
  const entered = enterRows(x, options, { model, preprocessor, where }, "middles");
  return core.use(async (numbers) => {
    const results = await core.inferred("forward", forwardTrace(bijective), entered, numbers);
    const judged = { direction: "forward pass", where } as const;
    return core.settled(results, numbers, entered, options, judged).z!;
  });
}

/** x = f⁻¹(z), and what was measured on the way, converged or not. */
export async function attemptInverse(
  core: Core,
  z: unknown,
  options: InverseLimits & RowOptions,
  where: string,
): Promise<Inverse> {
  const { model, preprocessor } = core;
  const bijective = expectAbility(model, "bijection", where);
  expectRowOptions(options, limitOptions, where);
  const { outShape } = bijective.bijection;
  const entered = enterLatents(z, outShape, options, { model, preprocessor, where });
  return core.use(async (numbers) => {
    const limits = limitArrays(options, numbers.lipschitz, where);
    const trace = inverseTrace(bijective);
    const results = await core.inferred("inverse", trace, entered, numbers, limits);
    const x = preprocessor.restore(results.x!, "events");
    return { x: withNaN(x, entered.invalid), checks: core.measured(results, numbers) };
  });
}

/** x = f⁻¹(z), of which every row is sure. */
export async function inverse(
  core: Core,
  z: unknown,
  options: InverseLimits & RowOptions,
): Promise<NDArray<Float64Array>> {
  const where = "Runner.inverse";
  const { x, checks } = await attemptInverse(core, z, options, where);
  if (options.invalid !== "nan") {
    expectConverged(checks, "inverse");
    expectNumbers({ x }, where);
  }
  return withNaN(x, unconverged(checks));
}
