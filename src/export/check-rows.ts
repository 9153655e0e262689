import type { ColumnCodec } from "../data/index.js";
import type { Random } from "../random.js";
import { coreOf, type AnyRunner } from "../runner/index.js";
import { cellsIn, codecsOf } from "../tables/cells.js";
import { decodeTable } from "../tables/index.js";
import { sizeOf, type NDArray, type NumberArray, type Shape } from "../tree.js";
import type { ExportDescription, InputDescription } from "./describe.js";
import { usualProbe } from "./noise.js";

/** Rows that a file and its runner are compared on. */
export interface DrawnRows {
  /** As the file takes them. */
  readonly file: { readonly x: NumberArray; readonly condition?: NumberArray };
  /** As the runner does. */
  readonly x: NumberArray;
  /** Their latents, where the model has any. */
  readonly z?: NDArray;
  readonly condition?: NumberArray;
}

/** Rows in the data's own units, of the kind that the model was trained on as far as scales tell. */
export async function drawRows(
  runner: AnyRunner,
  rows: number,
  random: Random,
): Promise<DrawnRows> {
  const { model, data } = runner;
  const normal = (label: string, event: Shape): NDArray => {
    const shape = [rows, ...event];
    return { shape, data: random.split(label).normal(sizeOf(shape)) };
  };
  const events = normal("x", model.shape);
  const pixels = { ...events, data: events.data.map((value) => 128 + 50 * value) };
  const { preprocessor } = coreOf(runner);
  const x = preprocessor.restore(model.pixels ? pixels : events, "samples");
  const given = model.condition > 0 && conditionIn(runner, normal("condition", [model.condition]));
  const plan = data?.table;
  const columns = plan?.condition ?? [];
  const own = plan ? rowsOf(x, plan.columns) : { cells: x, features: x };
  const condition = given && columns.length > 0 ? rowsOf(given, columns) : undefined;
  const taken = given && { condition: condition?.features ?? given };
  return {
    file: { x: own.cells, ...(given && { condition: condition?.cells ?? given }) },
    x: own.features,
    ...(model.bijection && { z: await runner.forward(own.features, taken || {}) }),
    ...taken,
  };
}

/** Features as cells: codes and marks rounded down. */
export function cellsOfFeatures(
  features: NumberArray,
  columns: readonly ColumnCodec[],
): NDArray<Float64Array> {
  const table = decodeTable(features, { columns, condition: [] });
  return cellsIn(table.rows, table.columns, codecsOf(columns));
}

/** Features as cells, and the features that these make. */
function rowsOf(
  from: NumberArray,
  columns: readonly ColumnCodec[],
): { readonly cells: NumberArray; readonly features: NumberArray } {
  const cells = cellsOfFeatures(from, columns);
  const codecs = codecsOf(columns);
  const [rows, width] = [from.shape[0]!, from.shape[1]!];
  const data = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    codecs.forEach(({ first, fill, mark, oneHot }, c) => {
      const cell = cells.data[row * codecs.length + c]!;
      const value = Number.isNaN(cell) ? fill : cell;
      const at = row * width + first;
      if (oneHot === undefined) data[at] = value;
      else data[at + value] = 1;
      if (mark !== undefined) data[row * width + mark] = Number(Number.isNaN(cell));
    });
  }
  return { cells, features: { shape: from.shape, data } };
}

function conditionIn({ model, data }: AnyRunner, { shape, data: values }: NDArray): NumberArray {
  const scalings = data?.preprocessing?.condition;
  if (!scalings) return { shape, data: values };
  const own = (value: number, i: number): number => {
    const { offset, scale } = scalings[i % model.condition]!;
    return offset + scale * value;
  };
  return { shape, data: Float64Array.from(values, own) };
}

/**
 * Rows as a file's inputs, with the noise that a runner draws for them, or zeros.
 * @param random of the runner's call; none for zeros
 * @param places of the rows, 0, 1, ... unless given
 */
export function feedsOf(
  { to, inputs }: ExportDescription,
  { file, z }: Pick<DrawnRows, "file" | "z">,
  random: Random | undefined,
  places?: ArrayLike<number>,
): Record<string, NDArray<Float32Array | Float64Array>> {
  const [rows = 0] = file.x.shape;
  const given: Readonly<Record<string, NumberArray | undefined>> = { ...file, z };
  const keys = Array.from({ length: rows }, (_, row) => random?.split(places?.[row] ?? row));
  // A score's noise is the first of its repetitions.
  const own = keys.map((key) => (to === "score" ? key?.split(0) : key));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => {
      const values = given[name]?.data ?? own.flatMap((key) => noiseOf(input, key));
      const shape = [rows, ...input.shape.slice(1).map(Number)];
      const data = input.type === "float32" ? Float32Array.from(values) : Float64Array.from(values);
      return [name, { shape, data }];
    }),
  );
}

/** A row of an input of noise, by the key of the runner's row. */
function noiseOf({ noise, shape }: InputDescription, key: Random | undefined): number[] {
  const size = Number(shape[1]);
  if (!noise || !key) return Array<number>(size).fill(0);
  const { kind, parts } = noise;
  const drawn = parts.flatMap((part) => [...key.split(part.name)[kind](part.size)]);
  if (kind === "uniform") return drawn.map((u) => u - 0.5);
  if (kind === "normal") return drawn;
  const usual = usualProbe(size);
  return drawn.map((sign, i) => sign * usual[i]!);
}
