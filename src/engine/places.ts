import type { Node } from "../graph/index.js";
import { sizeOf, type Shape } from "../tree.js";

/** How far apart neighbours along each axis are. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** For each element of a `shape`, in row-major order, its place in an array of those strides. */
function places(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape)).fill(start);
  let repeats = out.length;
  shape.forEach((size, axis) => {
    repeats /= size;
    for (let i = 0; i < out.length; i++) {
      out[i]! += (Math.floor(i / repeats) % size) * strides[axis]!;
    }
  });
  return out;
}

/** Data by the places that strides lead to from `start`. */
export function gather(
  data: Float64Array,
  shape: Shape,
  strides: readonly number[],
  start = 0,
): Float64Array {
  return Float64Array.from(places(shape, strides, start), (place) => data[place]!);
}

/** Repeats data of shape `from` to shape `to`. */
export function spread(data: Float64Array, from: Shape, to: Shape): Float64Array {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return gather(
    data,
    to,
    to.map((_, axis) => ((from[axis - lead] ?? 1) === 1 ? 0 : strides[axis - lead]!)),
  );
}

/** Writes a part into `out`, from `start` on along one axis. */
export function place(
  out: Float64Array,
  shape: Shape,
  part: Float64Array,
  partShape: Shape,
  axis: number,
  start: number,
): void {
  const strides = stridesOf(shape);
  places(partShape, strides, start * strides[axis]!).forEach((to, i) => (out[to] = part[i]!));
}

/** Combines data along the axes that a node sums over, or takes the largest of. */
export function reduce(
  node: Node<"sum" | "max">,
  data: Float64Array,
  start: number,
  combine: (a: number, b: number) => number,
): Float64Array {
  const out = new Float64Array(sizeOf(node.shape)).fill(start);
  const { axes } = node.attributes;
  const strides = stridesOf(node.shape).map((step, axis) => (axes.includes(axis) ? 0 : step));
  places(node.inputs[0]!.shape, strides).forEach((to, i) => {
    out[to] = combine(out[to]!, data[i]!);
  });
  return out;
}

/** Visits each product x·w that adds to y = conv2d(x, w), by the places of the three. */
export function eachProduct(
  x: Shape,
  w: Shape,
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const [batch, channels, height, width] = [x[0]!, x[1]!, x[2]!, x[3]!];
  const [out, kernel] = [w[0]!, w[2]!];
  const reach = (kernel - 1) / 2;
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < out; o++)
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < kernel; p++)
          for (let q = 0; q < kernel; q++)
            for (let i = Math.max(0, reach - p); i < Math.min(height, height + reach - p); i++)
              for (let j = Math.max(0, reach - q); j < Math.min(width, width + reach - q); j++)
                visit(
                  ((b * channels + c) * height + i + p - reach) * width + j + q - reach,
                  ((o * channels + c) * kernel + p) * kernel + q,
                  ((b * out + o) * height + i) * width + j,
                );
}
