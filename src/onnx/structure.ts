import type { Lowerings } from "./lowering.js";
import { squeeze } from "./squeeze.js";

export const structure: Pick<
  Lowerings,
  | "input"
  | "constant"
  | "literal"
  | "reshape"
  | "broadcast"
  | "transpose"
  | "slice"
  | "pad"
  | "concat"
  | "sum"
  | "max"
  | "withGradient"
  | "allMean"
> = {
  input: (node) => node.attributes.name,
  constant: (node, _inputs, scope) => {
    const value = scope.float(node.attributes.value);
    return node.shape.length === 0 ? value : scope.emit("Expand", [value, scope.ints(node.shape)]);
  },
  literal: (node, _inputs, scope) => scope.floats(node.attributes.data, node.shape),

  withGradient: (_node, inputs) => inputs[0]!,
  allMean: (_node, inputs) => inputs[0]!, // who runs it whole is alone

  reshape: (node, inputs, scope) => scope.reshape(inputs[0]!, node.shape),
  // An axis that has its size already may be stated as 1.
  broadcast: (node, inputs, scope) => {
    const { shape } = node.inputs[0]!;
    const lead = node.shape.length - shape.length;
    const sizes = node.shape.map((n, i) => (shape[i - lead] === n ? 1 : n));
    return scope.emit("Expand", [inputs[0]!, scope.ints(sizes)]);
  },
  transpose: (node, inputs, scope) =>
    squeeze(node, inputs[0]!, scope) ?? scope.transpose(inputs[0]!, node.attributes.perm),
  slice: (node, inputs, scope) => {
    const { axis, start, end } = node.attributes;
    const bounds = [[start], [end], [axis]].map((n) => scope.ints(n));
    return scope.emit("Slice", [...inputs, ...bounds]);
  },
  pad: (node, inputs, scope) => {
    const { axis, before, after } = node.attributes;
    const at = (n: number): number[] => node.shape.map((_, i) => (i === axis ? n : 0));
    return scope.emit("Pad", [...inputs, scope.ints([...at(before), ...at(after)])]);
  },
  concat: (node, inputs, scope) => scope.emit("Concat", inputs, { axis: node.attributes.axis }),

  // An empty list of axes would mean all of them. Axes of size 1 are summed too: ONNX Runtime is
  // some 20 times as fast where all that are summed come last.
  sum: (node, inputs, scope) => {
    const { axes } = node.attributes;
    if (axes.length === 0) return inputs[0]!;
    const all = node.inputs[0]!.shape.flatMap((n, i) => (n === 1 || axes.includes(i) ? [i] : []));
    return scope.emit("ReduceSum", [...inputs, scope.ints(all)]);
  },
  max: (node, inputs, scope) =>
    node.attributes.axes.length === 0
      ? inputs[0]!
      : scope.emit("ReduceMax", [...inputs, scope.ints(node.attributes.axes)]),
};
