import { arrayData, type DataSet } from "../src/data/index.js";
import { UsageError } from "../src/errors.js";
import { simplifyGraph } from "../src/engine/compile.js";
import { allTensors } from "../src/engine/program.js";
import { createModel, iResNetDensity, type AnyModel } from "../src/models/index.js";
import { Random } from "../src/random.js";
import { tableRecipe } from "../src/tables/index.js";
import { logDetEstimator, parseTrainingConfig } from "../src/train/config.js";
import { findPreset, type TrainingOptions } from "../src/train/index.js";
import { ndarray, sizeOf, type NDArray, type Shape } from "../src/tree.js";
import { classifierCase, tracedStep } from "./cases.js";
import { costOf } from "./cost.js";
import { total } from "./numbers.js";

/** What several ranks train. */
export interface MpiCase {
  readonly model: AnyModel;
  readonly data: DataSet;
  readonly training: TrainingOptions;
}

/** Cases, with the batch that each rank takes by default. */
export const mpiCases = { "mnist-density": 16, classifier: 32, table: 128 } as const;

const random = Random.fromSeed(1);
const rows = 4096;
/** A run ends with a pass over all images, for the statistics of batch normalisation. */
const imageCount = 512;

function images(shape: readonly number[]): DataSet {
  const size = shape.reduce((total, n) => total * n, 1);
  return arrayData({
    x: {
      shape: [imageCount, ...shape],
      data: Uint8Array.from(random.split("pixels").integers(imageCount * size, 256)),
    },
    labels: random.split("labels").integers(imageCount, 10),
    classes: 10,
    validation: 0,
  });
}

/** @throws {UsageError} if there is no such case. */
export function mpiCase(name: string, batchSize: number): MpiCase {
  switch (name) {
    case "mnist-density": {
      const { model, training } = findPreset(name);
      return {
        model: createModel(model.kind, model.config),
        data: images([1, 28, 28]),
        training: { ...training, batchSize },
      };
    }
    case "classifier": {
      const { model } = classifierCase({ batch: 1 });
      const { training } = findPreset("cifar-10-classifier");
      return {
        model,
        data: images(model.shape),
        training: { ...training, batchSize, augmentation: { kind: "none" } },
      };
    }
    case "table": {
      const columns = 10;
      const recipe = tableRecipe({ rows, columns });
      const x = { shape: [rows, columns], data: random.split("table").normal(rows * columns) };
      return {
        model: iResNetDensity(recipe.model),
        data: arrayData({ x, validation: 0 }),
        training: { ...recipe.training(0.05), batchSize },
      };
    }
    default:
      throw new UsageError(
        `bench: expected one of ${Object.keys(mpiCases).join(", ")}, got ${name}`,
      );
  }
}

const zeros = (shape: Shape): NDArray => ndarray(new Float32Array(sizeOf(shape)), shape);

/** GFLOP of a rank's step as written: norms, loss and gradients, without the optimizer's part. */
export function gflopOf({ model, training }: MpiCase, batch: number): number {
  const { logDet, powerIterations } = parseTrainingConfig(training);
  const args = {
    x: zeros([batch, ...model.shape]),
    ...(model.task === "classification" && { y: zeros([batch, 10]) }),
  };
  const step = tracedStep({ model, logDet: logDetEstimator(logDet), powerIterations, args });
  const costs = Object.values(costOf(allTensors(simplifyGraph(step))));
  return total(costs.map(({ flops }) => flops)) / 1e9;
}
