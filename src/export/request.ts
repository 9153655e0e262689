import { seriesInLoop } from "../bijections/index.js";
import { literal, type Tensor } from "../graph/index.js";
import type { AnyModel } from "../models/index.js";
import {
  expectAbility,
  forwardTrace,
  inverseTrace,
  limitArrays,
  predictTrace,
  sampleTrace,
  scoreMethod,
  scoreTrace,
  type Numbers,
  type ScoreMethod,
  type ScoreOptions,
  type Trace,
  type TraceOptions,
} from "../runner/index.js";
import type { NDArray } from "../tree.js";

/** A quantity that a file may compute. */
export const exportTargets = ["score", "forward", "inverse", "sample", "classify"] as const;

export type ExportTarget = (typeof exportTargets)[number];

/** What a file is to compute, as a graph of a batch of any size. */
export interface Request {
  readonly to: ExportTarget;
  readonly trace: (batch: number) => Trace;
  readonly context: TraceOptions;
  /** Numbers that the graph takes beside what a run gives. */
  readonly args: Readonly<Record<string, Tensor>>;
  /** The input that holds rows; draws take none. */
  readonly takes: "x" | "z" | undefined;
  /** How log p is obtained, where it is. */
  readonly method?: ScoreMethod;
}

/** @throws {UsageError} if the model can't do that. */
export function requestFor(
  to: ExportTarget,
  model: AnyModel,
  numbers: Numbers,
  options: Pick<ScoreOptions, "logDet" | "terms">,
): Request {
  const where = `exportOnnx to ${to}`;
  const plain = { to, context: {}, args: {} };
  switch (to) {
    case "score": {
      const density = expectAbility(model, "density", where);
      const method = scoreMethod(density, numbers, options);
      const { terms } = method;
      const logDet = terms === null ? method.logDet : seriesInLoop(terms);
      return {
        ...plain,
        trace: () => scoreTrace(density),
        context: { logDet },
        takes: "x",
        method,
      };
    }
    case "forward": {
      const bijective = expectAbility(model, "bijection", where);
      return { ...plain, trace: () => forwardTrace(bijective), takes: "x" };
    }
    case "inverse": {
      const bijective = expectAbility(model, "bijection", where);
      const args = limitsOf(numbers, where);
      return { ...plain, trace: () => inverseTrace(bijective), args, takes: "z" };
    }
    case "sample": {
      const density = expectAbility(model, "density", where);
      const args = limitsOf(numbers, where);
      return { ...plain, trace: (count) => sampleTrace(density, count), args, takes: undefined };
    }
    case "classify": {
      const classifier = expectAbility(model, "classifier", where);
      return { ...plain, trace: () => predictTrace(classifier), takes: "x" };
    }
  }
}

/** The limits of an inverse, those that a runner takes unless told otherwise. */
function limitsOf(
  { lipschitz }: Numbers,
  where: string,
): { readonly steps: Tensor; readonly tolerance: Tensor } | Record<string, never> {
  const { steps, tolerance } = limitArrays({}, lipschitz, where);
  const vector = ({ data, shape }: NDArray): Tensor => literal([...data], shape);
  return steps!.data.length === 0 ? {} : { steps: vector(steps!), tolerance: vector(tolerance!) };
}
