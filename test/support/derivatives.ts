import type { Matrix } from "ml-matrix";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import { evaluate } from "../../src/engine/reference.js";
import { input, type Tensor } from "../../src/graph/index.js";
import { sizeOf } from "../../src/tree.js";
import { matrixOf } from "./matrices.js";
import { assertClose, copies, shifted, type Feeds, type Values } from "./values.js";

/** A step at which central differences in float64 are off by about 10⁻¹⁰. */
const step = 1e-5;

/** The Jacobian of f at one event, its rows by reverse mode: one copy of the event per row. */
export function jacobian(f: (x: Tensor) => Tensor, x: Values, feeds: Feeds): Matrix {
  const outputs = f(input("x", x.shape)).shape;
  const rows = sizeOf(outputs);
  const batch = input("x", [rows, ...x.shape.slice(1)]);
  const one = input("rows", [rows, ...outputs.slice(1)]);
  const identity = new Float64Array(rows * rows).map((_, i) => (i % (rows + 1) === 0 ? 1 : 0));
  const repeated: Feeds = {
    ...feeds,
    x: copies(x, rows),
    rows: { shape: one.shape, data: identity },
  };
  const { result } = evaluate({ result: vjp(f(batch), batch, one) }, repeated);
  return matrixOf(result.data, x.data.length);
}

/** The Jacobian of f at one event by central differences: two copies of the event per column. */
export function jacobianByDifferences(f: (x: Tensor) => Tensor, x: Values, feeds: Feeds): Matrix {
  const d = x.data.length;
  const moved = Float64Array.from(copies(x, 2 * d).data);
  for (let i = 0; i < d; i++) {
    moved[i * d + i]! += step;
    moved[(d + i) * d + i]! -= step;
  }
  const shape = [2 * d, ...x.shape.slice(1)];
  const around: Feeds = { ...feeds, x: { shape, data: moved } };
  const { y } = evaluate({ y: f(input("x", shape)) }, around);
  const half = y.data.length / 2;
  const columns = y.data.slice(0, half).map((up, i) => (up - y.data[half + i]!) / (2 * step));
  return matrixOf(columns, half / d).transpose();
}

/** The gradient of a number in one of its feeds, by central differences. */
export function gradientByDifferences(
  f: (feeds: Feeds) => number,
  feeds: Feeds,
  name: string,
): number[] {
  const at = feeds[name]!;
  return Array.from(at.data, (_, i) => {
    const up = f({ ...feeds, [name]: shifted(at, i, step) });
    const down = f({ ...feeds, [name]: shifted(at, i, -step) });
    return (up - down) / (2 * step);
  });
}

/** The value of a scalar. */
export function scalarAt(loss: Tensor, feeds: Feeds): number {
  return evaluate({ loss }, feeds).loss.data[0]!;
}

/** Gradients of a scalar in inputs of the graph, by name. */
export function gradientsAt(
  loss: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Record<string, Float64Array> {
  const names = Object.keys(inputs);
  const found = gradients(loss, Object.values(inputs));
  const results = evaluate(Object.fromEntries(names.map((name, i) => [name, found[i]!])), feeds);
  return Object.fromEntries(names.map((name) => [name, results[name]!.data]));
}

/** Reverse mode agrees with central differences of `value`, by default of the loss itself. */
export function assertGradients(
  loss: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
  {
    tolerance = 1e-7,
    value = (at: Feeds) => scalarAt(loss, at),
  }: { readonly tolerance?: number; readonly value?: (feeds: Feeds) => number } = {},
): void {
  for (const [name, gradient] of Object.entries(gradientsAt(loss, inputs, feeds))) {
    assertClose(gradient, gradientByDifferences(value, feeds, name), tolerance, name);
  }
}
