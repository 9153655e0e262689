import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { sizeOf } from "../tree.js";
import { close } from "./close.js";
import { reshape, slice } from "./structure.js";
import {
  asTensor,
  expectShape,
  input,
  makeNode,
  type Tensor,
  type TensorLike,
  expectTensor,
} from "./tensor.js";

type State<K extends string> = Readonly<Record<K, Tensor>>;

export interface LoopOptions<K extends string> {
  /** One turn: the next state, in the same shapes. */
  readonly next: (state: State<K>) => State<K>;
  /** A scalar: while it is above 0, another turn is taken. */
  readonly goOn: (state: State<K>) => Tensor;
  /** Most turns, a scalar. */
  readonly steps: TensorLike;
}

/**
 * Repeats state ← next(state) inside the graph while goOn(state) > 0, at most `steps` times. What
 * neither derives from the state is computed once, before the loop.
 *
 * It has no gradient: give it one with {@link withGradient}, or stop it.
 *
 * @throws {ShapeError} if `next` changes a shape, or `goOn` or `steps` isn't a scalar.
 */
export function loop<K extends string>(
  start: State<K>,
  options: LoopOptions<K>,
): Record<K, Tensor> {
  expectOptions(options, ["next", "goOn", "steps"], "loop");
  const { next, goOn, steps } = options;
  expectKind(start, "object", "loop");
  expectKind(next, "function", "loop: next");
  expectKind(goOn, "function", "loop: goOn");
  const names = Object.keys(start) as K[];
  const ofNames = (tensor: (name: K) => Tensor): Record<K, Tensor> =>
    Object.fromEntries(names.map((name) => [name, tensor(name)])) as Record<K, Tensor>;
  const most = asTensor(steps, "loop: steps");
  expectShape(most, [], "loop: steps");
  const begins = goOn(start);
  expectShape(begins, [], "loop: goOn");

  const state = ofNames((name) => input(`loop.${name}`, expectTensor(start[name], "loop").shape));
  const after = next(state);
  expectKind(after, "object", "loop: next");
  for (const name of names) expectShape(after[name], start[name].shape, `loop: next ${name}`);
  const results = [...names.map((name) => after[name]), goOn(after)];
  const { captured, ...body } = close(results, Object.values(state));

  const begin = names.map((name) => start[name]);
  const total = begin.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const flat = makeNode("loop", [most, begins, ...begin, ...captured], body, [total]);
  let end = 0;
  return ofNames((name) => {
    const { shape } = start[name];
    end += sizeOf(shape);
    return reshape(slice(flat, 0, end - sizeOf(shape), end), shape);
  });
}
