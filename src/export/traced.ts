import type { Check } from "../bijections/index.js";
import { input, inputShapes, simplify, type Tensor } from "../graph/index.js";
import type { BatchAxis } from "../onnx/index.js";
import type { Core, Numbers } from "../runner/index.js";
import type { Arrays, Shape } from "../tree.js";
import { foldWeights } from "./fold.js";
import { noiseInputs, type NoiseInput } from "./noise.js";
import type { Request } from "./request.js";

/** A request as a graph of a batch that the axis stands for, its weights folded. */
export interface TracedRequest {
  /** What the request asks for, and then residuals by {@link residualName}. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly weights: Arrays;
  readonly checks: readonly Check[];
  readonly noise: readonly NoiseInput[];
}

/** Name of the residual of a check among a graph's outputs. */
export const residualName = (i: number): string => `residual.${i}`;

/** The shape of an event that the request takes, if it takes any. */
export function eventShape({ takes }: Request, { model }: Pick<Core, "model">): Shape | undefined {
  return takes === "z" ? model.bijection!.outShape : takes && model.shape;
}

/**
 * @param hasStep whether the widths of noise differ from row to row
 * @throws {UsageError} if a noise isn't one of each row.
 */
export async function traceRequest(
  request: Request,
  core: Core,
  { store }: Numbers,
  { batch, hasStep }: { readonly batch: BatchAxis; readonly hasStep: boolean },
): Promise<TracedRequest> {
  const { model } = core;
  const event = eventShape(request, core);
  const rows = (name: string, shape: Shape): Record<string, Tensor> => ({
    [name]: input(name, [batch.standIn, ...shape]),
  });
  const given = {
    ...(request.takes && event && rows(request.takes, event)),
    ...(hasStep && rows("step", model.shape)),
    ...(model.condition > 0 && rows("condition", [model.condition])),
  };
  const args = { ...given, ...request.args };
  const trace = request.trace(batch.standIn);
  const { outputs, checks, noise } = core.trace(trace, args, request.context);
  const residuals = checks.map(({ residual }, i) => [residualName(i), residual] as const);
  const simplified = simplify<string>({ ...outputs, ...Object.fromEntries(residuals) });
  const names = new Set([...Object.keys(given), ...Object.keys(noise)]);
  const folded = await foldWeights(simplified, { args: names, batch, engine: core.engine, store });
  return {
    ...folded,
    checks,
    noise: noiseInputs(inputShapes(folded.outputs), noise, batch),
  };
}
