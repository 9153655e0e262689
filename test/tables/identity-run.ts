import type { Checkpoint } from "../../src/checkpoint/index.js";
import { describeData, type DataSet } from "../../src/data/index.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";

/**
 * A model of a table that maps each standardised column to itself: columns are independent normals, so
 * that all about its scores is known. A score is −log p in nats, less that of the mean row.
 */
export function identityCheckpoint(data: DataSet): Checkpoint {
  const model = iResNetDensity({ shape: data.shape, blocks: [1], widths: [4], activation: "elu" });
  const arrays = model.scope.initialArrays(Random.fromSeed(0));
  const logScales = data.preprocessing!.columns.map((one) =>
    "scale" in one ? Math.log(one.scale) : 0,
  );
  const nats =
    (model.dimensions / 2) * Math.log(2 * Math.PI * Math.E) +
    logScales.reduce((sum, one) => sum + one, 0);
  return {
    format: 1,
    model: { kind: model.kind, config: model.config },
    data: {
      ...describeData(data),
      calibration: {
        surprise: { median: nats, tail: 1 },
        // No row is as far as that: surprise alone makes the score.
        distance: { median: 1e9, tail: 1 },
        neighbours: Array.from({ length: model.dimensions }, () => 0),
        scores: Array.from({ length: 99 }, (_, i) => i / 10),
        beyond: 0,
      },
    },
    arrays: Object.fromEntries(
      Object.entries(arrays).map(([name, { shape, data: values }]) => {
        if (/\.[uv]$/.test(name)) return [name, { shape, data: values }];
        return [name, { shape, data: values.map(() => (name.endsWith("initialised") ? 1 : 0)) }];
      }),
    ),
  };
}
