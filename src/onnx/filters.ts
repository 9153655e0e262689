import type { Tensor } from "../graph/index.js";
import { sameShape, sizeOf } from "../tree.js";
import { sizes } from "./linear.js";
import type { Scope } from "./scope.js";

/** A filter that is a scalar times another one, such as W / max(1, σ/c). */
export function multipleOf(filter: Tensor): { filter: Tensor; scale: Tensor } | undefined {
  if (filter.op !== "mul" && filter.op !== "div") return undefined;
  const [a, b] = [filter.inputs[0]!, filter.inputs[1]!];
  const isScalar = ({ shape }: Tensor): boolean => sizeOf(shape) === 1;
  if (isScalar(b) && sameShape(a.shape, filter.shape)) return { filter: a, scale: b };
  if (filter.op === "mul" && isScalar(a) && sameShape(b.shape, filter.shape)) {
    return { filter: b, scale: a };
  }
  return undefined;
}

/** Whether images, or others that meet the filter or a multiple of it, come at least so many at once. */
export function meetsBatch(scope: Scope, images: Tensor, filter: Tensor, least: number): boolean {
  if (sizes(images)[0] >= least) return true;
  return relatives(scope, filter).some((relative) =>
    scope.model.users
      .get(relative)
      ?.some(
        ({ op, shape }) => (op === "conv2d" || op === "conv2dInputGrad") && shape[0]! >= least,
      ),
  );
}

/** Whether the filter's gradient, or a multiple's, is in the model, for at least so many images. */
export function isTrained(scope: Scope, filter: Tensor, least: number): boolean {
  const usersOf = (tensor: Tensor): readonly Tensor[] => scope.model.users.get(tensor) ?? [];
  return relatives(scope, filter)
    .flatMap(usersOf)
    .some(
      ({ op, shape, inputs }) =>
        op === "conv2d" &&
        shape[0]! >= least &&
        usersOf(inputs[0]!).some((user) => user.op === "conv2dWeightGrad"),
    );
}

/** What the filter is a multiple of (itself, if of nothing), and the multiples of that. */
function relatives(scope: Scope, filter: Tensor): readonly Tensor[] {
  const root = multipleOf(filter)?.filter ?? filter;
  const users = scope.model.users.get(root) ?? [];
  return [root, ...users.filter((user) => multipleOf(user)?.filter === root)];
}
