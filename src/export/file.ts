import type { Check } from "../bijections/index.js";
import type { DataDescription } from "../data/index.js";
import { BatchAxis, ModelWriter, type FileHeader, type GraphScope } from "../onnx/index.js";
import type { Core, Numbers } from "../runner/index.js";
import { mapValues, type Arrays, type Shape } from "../tree.js";
import {
  conditionType,
  enterCondition,
  enterEvents,
  enterLatents,
  hasSteps,
  rowType,
  type Entered,
} from "./events.js";
import { leaveOutputs } from "./leave.js";
import { enterNoise, noiseMeanings, type NoiseInput } from "./noise.js";
import type { Request } from "./request.js";
import { both, every, isFinite } from "./rows.js";
import { eventShape, traceRequest } from "./traced.js";
import { valueProtos, type FileValue, type FileValues } from "./values.js";

/** A runner's parts that a file is made of. */
export interface Source {
  readonly core: Core;
  readonly numbers: Numbers;
  readonly data: DataDescription | undefined;
}

/** A file but for its header. */
export interface Written {
  readonly inputs: FileValues;
  readonly outputs: FileValues;
  readonly noise: readonly NoiseInput[];
  /** Names of what its `residual` measures, in that order. */
  readonly checks: readonly Check[];
  encode(header: Pick<FileHeader, "producerVersion" | "doc" | "metadata">): Uint8Array;
}

/**
 * A request as a file, traced for a batch of `standIn` rows.
 * @throws {UsageError} if it has noise that isn't one of each row.
 */
export async function writeRequest(
  request: Request,
  source: Source,
  standIn: number,
): Promise<Written> {
  const { core, numbers, data } = source;
  const batch = new BatchAxis(standIn, request.takes ?? "noise");
  const hasStep = request.to === "score" && hasSteps({ model: core.model, data });
  const traced = await traceRequest(request, core, numbers, { batch, hasStep });
  const inputs = inputsOf(request, source, traced.noise);
  const writer = new ModelWriter(Object.keys(inputs), batch);
  const { scope } = writer;
  const rows = { model: core.model, data };
  const entered = enterAll(scope, request, source);
  const noise = traced.noise.map((one) => enterNoise(scope, one));
  const values = {
    ...weights(scope, traced.weights),
    ...Object.fromEntries(noise.flatMap((names) => Object.entries(names))),
    ...mapValues(entered, ({ events }) => events),
    ...(entered.x?.step !== undefined && { step: entered.x.step }),
  };
  const results = writer.lower(traced.outputs, values);
  const flags = [
    ...Object.values(entered).map(({ valid }) => valid),
    ...traced.noise.flatMap((one) => noiseFlags(scope, one)),
  ];
  const outputs = leaveOutputs(scope, results, {
    request,
    rows,
    checks: traced.checks,
    valid: both(scope, flags),
    deviates: entered.x?.deviates,
    middles: scoresOutliers(request, data)
      ? enterEvents(scope, "x", rows, "middles").events
      : undefined,
    logDet: entered.x?.logDet,
  });
  return {
    inputs,
    outputs,
    noise: traced.noise,
    checks: traced.checks,
    encode: (header) =>
      writer.encode({
        ...header,
        inputs: valueProtos(inputs),
        outputs: valueProtos(outputs),
      }),
  };
}

const scoresOutliers = ({ to }: Request, data: DataDescription | undefined): boolean =>
  to === "score" && data?.calibration !== undefined;

function inputsOf(
  request: Request,
  { core, data }: Source,
  noise: readonly NoiseInput[],
): FileValues {
  const { model } = core;
  const float = (shape: Shape, what: string): FileValue => ({ type: "float", shape, what });
  return {
    ...(request.takes === "x" && {
      x: { ...rowType({ model, data }), what: "rows in the data's own units" },
    }),
    ...(request.takes === "z" && { z: float(eventShape(request, core)!, "latents") }),
    ...(model.condition > 0 && {
      condition: { ...conditionType({ model, data }), what: "what each row is given" },
    }),
    ...Object.fromEntries(
      noise.map(({ name, kind, size }) => [name, float([size], noiseMeanings[kind])]),
    ),
  };
}

/** What a run gives, as the graph takes it, by the names of its inputs. */
function enterAll(
  scope: GraphScope,
  request: Request,
  { core, data }: Source,
): Record<string, Entered> {
  const { model } = core;
  const at = request.to === "score" ? "edges" : "middles";
  return {
    ...(request.takes === "x" && { x: enterEvents(scope, "x", { model, data }, at) }),
    ...(request.takes === "z" && { z: enterLatents(scope, "z", eventShape(request, core)!) }),
    ...(model.condition > 0 && {
      condition: enterCondition(scope, "condition", { model, data }),
    }),
  };
}

/** Signs are signs of anything. */
function noiseFlags(scope: GraphScope, { name, kind, size }: NoiseInput): string[] {
  return kind === "rademacher" ? [] : [every(scope, isFinite(scope, name, "float"), [size])];
}

function weights(scope: GraphScope, arrays: Arrays): Record<string, string> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { data, shape }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return [name, scope.model.constant("float", bytes, shape)];
    }),
  );
}
