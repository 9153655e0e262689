import type { Tensor } from "../graph/index.js";
import { sameShape, sizeOf } from "../tree.js";
import { sizes } from "./sizes.js";
import type { GraphScope } from "./scope.js";

/** What the filter is a multiple of, such as W of W / max(1, σ/c): itself, if of nothing. */
export function rootOf(filter: Tensor): Tensor {
  return multipleOf(filter)?.root ?? filter;
}

/** What is linear in a filter's root, `name`, for the filter. */
export function scaledAs(scope: GraphScope, filter: Tensor, name: string): string {
  const multiple = multipleOf(filter);
  if (!multiple) return name;
  const operator = filter.op === "div" ? "Div" : "Mul";
  return scope.emit(operator, [name, scope.nameOf(multiple.scale)]);
}

/**
 * How many images meet the filter, its root or another multiple of that in convolutions: these,
 * which a loop's body may have to itself, or all that the model knows of.
 */
export function imagesMeeting(scope: GraphScope, images: Tensor, filter: Tensor): number {
  const known = usersOfMultiples(scope, filter)
    .filter(({ op }) => op === "conv2d" || op === "conv2dInputGrad")
    .reduce((count, { shape }) => count + shape[0]!, 0);
  return Math.max(sizes(images)[0], known);
}

/**
 * Whether at least so many images meet the filter, or a multiple, at once, and its gradient is in
 * the model, or in another one that trains with it.
 */
export function isTrained(scope: GraphScope, filter: Tensor, least: number): boolean {
  return usersOfMultiples(scope, filter).some(({ op, shape, inputs }) => {
    if ((op !== "conv2d" && op !== "conv2dInputGrad") || shape[0]! < least) return false;
    if (scope.model.trains) return true;
    return (
      op === "conv2d" && usersOf(scope, inputs[0]!).some((user) => user.op === "conv2dWeightGrad")
    );
  });
}

/** What takes the filter, its root, or another multiple of that. */
function usersOfMultiples(scope: GraphScope, filter: Tensor): readonly Tensor[] {
  const root = rootOf(filter);
  const users = usersOf(scope, root);
  const multiples = users.filter((user) => multipleOf(user)?.root === root);
  return [...users, ...multiples.flatMap((multiple) => usersOf(scope, multiple))];
}

function usersOf(scope: GraphScope, tensor: Tensor): readonly Tensor[] {
  return scope.model.users.get(tensor) ?? [];
}

/** A filter that is a scalar times or by another one. */
function multipleOf(filter: Tensor): { root: Tensor; scale: Tensor } | undefined {
  if (filter.op !== "mul" && filter.op !== "div") return undefined;
  const [a, b] = [filter.inputs[0]!, filter.inputs[1]!];
  const isScalar = ({ shape }: Tensor): boolean => sizeOf(shape) === 1;
  if (isScalar(b) && sameShape(a.shape, filter.shape)) return { root: a, scale: b };
  if (filter.op === "mul" && isScalar(a) && sameShape(b.shape, filter.shape)) {
    return { root: b, scale: a };
  }
  return undefined;
}
