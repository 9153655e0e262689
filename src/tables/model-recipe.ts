import type { DataSet } from "../data/index.js";
import { DataError, UsageError } from "../errors.js";
import type { Model } from "../models/index.js";
import type { TrainingOptions } from "../train/index.js";
import { expectTableModel, namesOf, tableModels, type ModelSize } from "./models.js";
import type { TableModel, TableModelName } from "./models.js";
import { tableRecipe, type TableRecipe } from "./recipe.js";

/** {@link tableRecipe} for any model. */
export interface ModelRecipe extends Omit<TableRecipe, "model"> {
  readonly model: Model;
}

/**
 * How a model learns a table.
 *
 * @param rows there are, held-out ones included
 * @param name of the model; unless given, a classifier of data with classes, else a density
 * @throws {UsageError} if there is no such model, or it can't learn such data.
 * @throws {DataError} if the data aren't rows of columns, or are fewer than 8.
 */
export function modelRecipe(data: DataSet, rows: number, name: string | undefined): ModelRecipe {
  const size = sizeOf(data);
  const kind = name === undefined ? usualModel(size) : expectTableModel(name, where);
  expectSuited(data, kind, size);
  const recipe = tableRecipe({ rows, columns: size.columns });
  const { make, train = (training) => training }: TableModel = tableModels[kind];
  const changed =
    (of: (noise: number) => TrainingOptions) =>
    (noise: number): TrainingOptions =>
      train(of(noise), size);
  return {
    ...recipe,
    model: make(size, recipe),
    trial: changed(recipe.trial),
    training: changed(recipe.training),
  };
}

const where = "fitTable";

function sizeOf({ name, shape, pixels, condition, classes }: DataSet): ModelSize {
  if (shape.length === 1 && !pixels) {
    return { columns: shape[0]!, condition, classes: classes.length };
  }
  throw new DataError(
    `${where}: expected rows of columns, got ${name} of shape [${shape}]; take tableData, or train a model with fit`,
    { name },
  );
}

function usualModel({ condition, classes }: ModelSize): TableModelName {
  return classes > 0 && condition === 0 ? "i-resnet-classifier" : "i-resnet-density";
}

function expectSuited(data: DataSet, kind: TableModelName, size: ModelSize): void {
  const { task, columns }: TableModel = tableModels[kind];
  const fail = (expected: string, got: string, remedy: string): UsageError =>
    new UsageError(
      `${where}: expected ${expected} for ${kind}, got ${got} in ${data.name}; ${remedy}`,
      { name: kind },
    );
  if (size.columns < columns) {
    throw fail(
      `at least ${columns} columns`,
      "1",
      `take one of ${namesOf((one) => one.columns === 1)}`,
    );
  }
  const isLabelled = size.classes > 0 && size.condition === 0;
  if (task === "density") {
    if (!isLabelled) return;
    throw fail(
      "classes as a condition",
      "classes to predict",
      `pass \`model: "${kind}"\` to tableData too, or take one of ${namesOf((one) => one.task !== "density")}`,
    );
  }
  if (size.condition > 0) {
    throw fail(
      "no condition",
      `one of ${size.condition} features`,
      `models that take one are ${namesOf((one) => one.task === "density")}`,
    );
  }
  if (size.classes > 0) return;
  throw fail(
    "a label",
    "none",
    `name the column of the classes, or take one of ${namesOf((one) => one.task === "density")}`,
  );
}
