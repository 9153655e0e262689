import { ShapeError } from "../errors.js";
import type { Shape } from "../tree.js";
import { asTensor, expectTensor, makeNode, type Tensor, type TensorLike } from "./tensor.js";

/** Operations of one tensor, element by element, that need no attributes. */
export type UnaryOp =
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "abs"
  | "sign"
  | "sin"
  | "cos"
  | "tanh"
  | "sigmoid"
  | "softplus"
  | "stopGradient";

/** Operations of two tensors, element by element, with NumPy's broadcasting. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "greater";

/**
 * The shape two tensors broadcast to: axes are aligned at the end, and a size of 1 stretches.
 * @throws {ShapeError} if two sizes differ and neither is 1.
 */
export function broadcastShape(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(`${where}: expected shapes that broadcast, got [${a}] and [${b}]`);
    }
    return m === 1 ? n : m;
  });
}

export function unary(op: UnaryOp, x: Tensor): Tensor {
  return makeNode(op, [expectTensor(x, op)], {}, x.shape);
}

export function binary(op: BinaryOp, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a, op), asTensor(b, op)];
  return makeNode(op, [x, y], {}, broadcastShape(x.shape, y.shape, op));
}

export const neg = (x: Tensor): Tensor => unary("neg", x);
export const exp = (x: Tensor): Tensor => unary("exp", x);
export const log = (x: Tensor): Tensor => unary("log", x);
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x);
export const abs = (x: Tensor): Tensor => unary("abs", x);
/** −1, 0 or 1. Its gradient is zero. */
export const sign = (x: Tensor): Tensor => unary("sign", x);
/** The sine of an angle in radians. */
export const sin = (x: Tensor): Tensor => unary("sin", x);
/** The cosine of an angle in radians. */
export const cos = (x: Tensor): Tensor => unary("cos", x);
export const tanh = (x: Tensor): Tensor => unary("tanh", x);
/** 1/(1 + e⁻ˣ). */
export const sigmoid = (x: Tensor): Tensor => unary("sigmoid", x);
/** ln(1 + eˣ). */
export const softplus = (x: Tensor): Tensor => unary("softplus", x);
/** x, but a constant to every gradient. */
export const stopGradient = (x: Tensor): Tensor => unary("stopGradient", x);

/** x for x > 0, eˣ − 1 otherwise; or its first (min(eˣ, 1)) or second derivative. */
export function elu(x: Tensor, order: 0 | 1 | 2 = 0): Tensor {
  return makeNode("elu", [expectTensor(x, "elu")], { order }, x.shape);
}

export const add = (a: TensorLike, b: TensorLike): Tensor => binary("add", a, b);
export const sub = (a: TensorLike, b: TensorLike): Tensor => binary("sub", a, b);
export const mul = (a: TensorLike, b: TensorLike): Tensor => binary("mul", a, b);
export const div = (a: TensorLike, b: TensorLike): Tensor => binary("div", a, b);
/** The larger of the two; where they are equal, the gradient goes to b. */
export const maximum = (a: TensorLike, b: TensorLike): Tensor => binary("maximum", a, b);
/** The smaller of the two; where they are equal, the gradient goes to b. */
export const minimum = (a: TensorLike, b: TensorLike): Tensor => binary("minimum", a, b);
/** 1 where a > b, else 0, also where either is NaN. Its gradient is zero. */
export const greater = (a: TensorLike, b: TensorLike): Tensor => binary("greater", a, b);

/**
 * a where `condition` > 0, else b: what isn't chosen has no say, though it be infinite or NaN. The
 * three broadcast; the gradient in the condition is zero.
 * @throws {ShapeError} if they don't broadcast.
 */
export function select(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  expectTensor(condition, "select");
  const [x, y] = [asTensor(a, "select"), asTensor(b, "select")];
  const shape = broadcastShape(
    condition.shape,
    broadcastShape(x.shape, y.shape, "select"),
    "select",
  );
  return makeNode("select", [condition, x, y], {}, shape);
}
