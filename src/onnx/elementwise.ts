import { sameShape, sizeOf } from "../tree.js";
import type { BinaryOp, Node, Tensor, UnaryOp } from "../graph/index.js";
import type { Lowerings } from "./lowering.js";
import { castTo } from "./proto.js";
import type { GraphScope } from "./scope.js";

const as =
  (opType: string) =>
  (_node: unknown, inputs: readonly string[], scope: GraphScope): string =>
    scope.emit(opType, inputs);

/**
 * ONNX Runtime broadcasts a scalar to trailing axes of size 1, such as a 1x1 filter's, one element
 * at a time; to one long axis it is some 20 times as fast.
 */
const binary =
  (opType: string) =>
  (node: Node<BinaryOp> & Tensor, inputs: readonly string[], scope: GraphScope): string => {
    const isScalar = ({ shape }: Tensor): boolean => sizeOf(shape) === 1;
    const isSlow = node.shape.at(-1) === 1 && !isScalar(node) && node.inputs.some(isScalar);
    if (!isSlow) return scope.emit(opType, inputs);
    const flat = node.inputs.map((x, i) => (isScalar(x) ? inputs[i]! : flattened(scope, x)));
    return scope.reshape(scope.emit(opType, flat), node.shape);
  };

const isGreater = binary("Greater");

const flattened = (scope: GraphScope, x: Tensor): string =>
  scope.derived(x, "flat", (s, t) => s.reshape(s.nameOf(t), [sizeOf(t.shape)]));

export const elementwise: Pick<Lowerings, UnaryOp | BinaryOp | "elu" | "select"> = {
  neg: as("Neg"),
  exp: as("Exp"),
  log: as("Log"),
  sqrt: as("Sqrt"),
  abs: as("Abs"),
  sign: as("Sign"),
  sin: as("Sin"),
  cos: as("Cos"),
  tanh: as("Tanh"),
  sigmoid: as("Sigmoid"),
  softplus: as("Softplus"),
  stopGradient: (_node, inputs) => inputs[0]!,

  elu: (node, _inputs, scope) => lowerElu(node, scope, "elu", (s, x) => s.nameOf(x)),

  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Mul"),
  div: binary("Div"),
  maximum: (node, inputs, scope) => {
    const [x, y] = [node.inputs[0]!, node.inputs[1]!];
    const isRelu =
      y.op === "constant" && y.attributes.value === 0 && sameShape(x.shape, node.shape);
    return isRelu ? scope.emit("Relu", [inputs[0]!]) : scope.emit("Max", inputs);
  },
  minimum: binary("Min"),
  greater: (node, inputs, scope) =>
    scope.emit("Cast", [isGreater(node, inputs, scope)], { to: castTo("float") }),
  select: (_node, [condition, a, b], scope) =>
    scope.emit("Where", [scope.emit("Greater", [condition!, scope.float(0)]), a!, b!]),
};

/**
 * elu = max(x, exp(min(x, 0)) − 1), for the exponential of ONNX Runtime's own Elu isn't vectorised
 * and takes three times as long on the CPU. elu′ = max(0, min(1, elu + 1)), and elu″ is elu′
 * without its ones: only elu has to be kept between the forward and the backward pass.
 *
 * @param what the key of elu among what is derived from x
 * @param nameOf the value of x, in the layout wanted
 */
export function lowerElu(
  node: Node<"elu">,
  scope: GraphScope,
  what: string,
  nameOf: (scope: GraphScope, x: Tensor) => string,
): string {
  const x = node.inputs[0]!;
  const value = (): string =>
    scope.derived(x, what, (s, t) => {
      const exponential = s.emit("Exp", [s.emit("Clip", [nameOf(s, t), "", s.float(0)])]);
      return s.emit("Max", [nameOf(s, t), s.emit("Sub", [exponential, s.float(1)])]);
    });
  const slope = (): string =>
    scope.derived(x, `${what}'`, (s) =>
      s.emit("HardSigmoid", [value()], { alpha: { float: 1 }, beta: { float: 1 } }),
    );
  switch (node.attributes.order) {
    case 0:
      return value();
    case 1:
      return slope();
    case 2:
      return scope.emit("Sub", [slope(), scope.emit("Floor", [slope()])]);
  }
}
