import { expectKind } from "../border/kinds.js";
import { ShapeError } from "../errors.js";
import { sameShape, sizeOf, type Shape } from "../tree.js";
import { broadcastShape } from "./elementwise.js";
import { makeNode, type Tensor, expectTensor } from "./tensor.js";

/**
 * The same numbers in row-major order under another shape.
 * @throws {ShapeError} if the sizes differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor(x, "reshape");
  expectKind(shape, "shape", "reshape");
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw new ShapeError(
      `reshape: expected ${sizeOf(x.shape)} elements as in [${x.shape}], got [${shape}]`,
    );
  }
  return makeNode("reshape", [x], {}, shape);
}

/**
 * Repeats x along axes of size 1, and along new leading axes, up to `shape`.
 * @throws {ShapeError} if x doesn't broadcast to it.
 */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  expectTensor(x, "broadcast");
  expectKind(shape, "shape", "broadcast");
  if (!sameShape(broadcastShape(x.shape, shape, "broadcast"), shape)) {
    throw new ShapeError(`broadcast: expected a shape that [${shape}] holds, got [${x.shape}]`);
  }
  return makeNode("broadcast", [x], {}, shape);
}

/**
 * Axis i of the result is axis `perm[i]` of x.
 * @throws {ShapeError} if `perm` isn't a permutation of x's axes.
 */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  expectTensor(x, "transpose");
  expectKind(perm, "axes", "transpose");
  const sorted = [...perm].sort((a, b) => a - b);
  if (
    !sameShape(
      sorted,
      x.shape.map((_, i) => i),
    )
  ) {
    throw new ShapeError(`transpose: expected an order of ${x.shape.length} axes, got [${perm}]`);
  }
  return makeNode(
    "transpose",
    [x],
    { perm },
    perm.map((axis) => axisSize(x, axis)),
  );
}

/**
 * Elements `start` (included) to `end` (excluded) along one axis.
 * @throws {ShapeError} if the range isn't inside the axis.
 */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const size = axisSize(x, axis);
  if (!(isCount(start) && isCount(end) && start < end && end <= size)) {
    throw new ShapeError(
      `slice: expected a range in axis ${axis} of [${x.shape}], got ${String(start)}..${String(end)}`,
    );
  }
  return makeNode("slice", [x], { axis, start, end }, replaceAt(x.shape, axis, end - start));
}

/**
 * Zeros before and after x along one axis.
 * @throws {ShapeError} if a count is negative.
 */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  if (!(isCount(before) && isCount(after))) {
    throw new ShapeError(
      `pad: expected counts of at least 0, got ${String(before)} and ${String(after)}`,
    );
  }
  const size = axisSize(x, axis) + before + after;
  return makeNode("pad", [x], { axis, before, after }, replaceAt(x.shape, axis, size));
}

/**
 * The parts one after another along an axis.
 * @throws {ShapeError} if there are none or their other axes differ.
 */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  expectKind(parts, "list", "concat");
  const [first] = parts;
  if (!first) throw new ShapeError("concat: expected at least one tensor, got none");
  let size = 0;
  for (const part of parts) {
    size += axisSize(part, axis);
    if (!sameShape(replaceAt(part.shape, axis, 0), replaceAt(first.shape, axis, 0))) {
      throw new ShapeError(
        `concat: expected shapes equal but for axis ${axis}, got [${first.shape}] and [${part.shape}]`,
      );
    }
  }
  return makeNode("concat", parts, { axis }, replaceAt(first.shape, axis, size));
}

/**
 * Size of one axis.
 * @throws {ShapeError} if x has no such axis.
 */
export function axisSize(x: Tensor, axis: number): number {
  const { shape } = expectTensor(x, "axisSize");
  const size = isCount(axis) ? shape[axis] : undefined;
  if (size === undefined) throw new ShapeError(`expected axis ${String(axis)} in shape [${shape}]`);
  return size;
}

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0;

function replaceAt(shape: Shape, axis: number, size: number): Shape {
  return shape.map((n, i) => (i === axis ? size : n));
}
