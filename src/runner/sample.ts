import { expectFinite } from "../border/arrays.js";
import { expectOptions } from "../border/options.js";
import { DataError, UsageError } from "../errors.js";
import type { Random } from "../random.js";
import { scalarArray, type NDArray } from "../tree.js";
import { batchSizeFor, inBatches } from "./batching.js";
import { expectConverged } from "./checks.js";
import type { Core } from "./core.js";
import { expectAbility, expectWhole, keysOf } from "./entry.js";
import { sampleTrace } from "./graphs.js";
import { limitArrays, limitOptions, type InverseLimits } from "./limits.js";
import { enterCondition, type Conditioned } from "./rows.js";

export interface SampleOptions extends InverseLimits, Conditioned {
  /** Source of the draws: the r-th comes from `random.split(first + r)` alone. */
  readonly random: Random;
  /** Scales the base's standard deviation; 1 unless given. */
  readonly temperature?: number;
  /** Place of the first draw where they come in several calls; 0 unless given. */
  readonly first?: number;
}

const known = [...limitOptions, "condition", "random", "temperature", "first"];

export async function sample(
  core: Core,
  count: number,
  options: SampleOptions,
): Promise<NDArray<Float64Array>> {
  const where = "Runner.sample";
  const { model, preprocessor } = core;
  const density = expectAbility(model, "density", where);
  expectOptions(options, known, where);
  expectWhole(count, 1, `${where}: count`);
  if ((options.random as unknown) === undefined) {
    throw new UsageError(
      `${where}: expected random, got none; pass one, such as Random.fromSeed(1)`,
      { name: "random" },
    );
  }
  const { temperature = 1 } = options;
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UsageError(`${where}: expected a temperature of at least 0, got ${temperature}`, {
      name: "temperature",
    });
  }
  const condition = enterCondition(options, count, { model, preprocessor, where });
  if (condition) expectFinite(condition, { where, name: "condition" });
  const rows = condition ? { condition: preprocessor.prepareCondition(condition) } : {};
  const size = batchSizeFor(count);
  return core.use(async (numbers) => {
    const args = {
      ...limitArrays(options, numbers.lipschitz, where),
      temperature: scalarArray(temperature),
    };
    const results = await core.graph(`sample ${size}`, {}, sampleTrace(density, size), (sampler) =>
      inBatches(rows, count, (batch, start, size) => {
        const keys = keysOf(options, start, size, where);
        return sampler.run(sampler.prepare({ ...batch, ...args }, keys), numbers.store);
      }),
    );
    expectConverged(core.measured(results, numbers), "inverse");
    const samples = preprocessor.restore(results.x!, "samples");
    if (samples.data.some((value) => !Number.isFinite(value))) {
      throw new DataError(
        `${where}: expected draws within float32's range, up to 3.4e38, got larger numbers at temperature ${temperature}; lower the temperature`,
        { name: "temperature" },
      );
    }
    return samples;
  });
}
