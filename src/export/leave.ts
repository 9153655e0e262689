import type { Check } from "../bijections/index.js";
import { castTo, type GraphScope } from "../onnx/index.js";
import { leaveEvents, rowType, type RowsOf } from "./events.js";
import { outlierValues } from "./outlier.js";
import type { Request } from "./request.js";
import { besideEvents, both, every, scalar } from "./rows.js";
import { residualName } from "./traced.js";
import type { FileValue, FileValues } from "./values.js";
import type { Model } from "../models/index.js";

/** What the graph's results become outputs with. */
export interface Leaving {
  readonly request: Request;
  readonly rows: RowsOf & { readonly model: Model };
  readonly checks: readonly Check[];
  /** Whether each row is one that the model takes, `[B]`. */
  readonly valid: string;
  readonly deviates: string | undefined;
  /** Rows as the model takes them, whole numbers in the middle of their units; nothing unless scored. */
  readonly middles: string | undefined;
  /** What the data's units add to log p and log-determinants, in nats, in float64; nothing for none. */
  readonly logDet: string | undefined;
}

/** A result under the name of an output. */
interface Result extends FileValue {
  readonly value: string;
}

/**
 * Makes the outputs of a graph's results: NaN in rows that aren't valid or whose checks failed.
 * @returns what each is, by name
 */
export function leaveOutputs(
  scope: GraphScope,
  results: Readonly<Record<string, string>>,
  leaving: Leaving,
): FileValues {
  const { checks } = leaving;
  const residual = residualOf(scope, results, checks);
  const valid = both(scope, [leaving.valid, ...(residual ? [residual.isSmall] : [])]);
  const made = resultsOf(scope, results, leaving);
  for (const [name, { type, shape, value }] of Object.entries(made)) {
    const flags = besideEvents(scope, valid, shape.length);
    scope.emitAs(name, "Where", [flags, value, scalar(scope, type, NaN)]);
  }
  if (residual) scope.emitAs("residual", "Identity", [residual.value]);
  return {
    ...Object.fromEntries(
      Object.entries(made).map(([name, { type, shape, what }]) => [name, { type, shape, what }]),
    ),
    ...(residual && {
      residual: {
        type: "float",
        shape: [checks.length],
        what: "what each iteration left, relative to 1 + |y|: a row is NaN where one is above its tolerance",
      },
    }),
  };
}

function resultsOf(
  scope: GraphScope,
  results: Readonly<Record<string, string>>,
  { request: { to }, rows, deviates, middles, logDet: ofUnits }: Leaving,
): Record<string, Result> {
  const { model, data } = rows;
  const float = (value: string, shape: readonly number[], what: string): Result => ({
    type: "float",
    value,
    shape,
    what,
  });
  const latents = (): Result => float(results.z!, model.bijection!.outShape, "latents f(x)");
  switch (to) {
    case "score": {
      const shifted = (name: string): string => {
        if (ofUnits === undefined) return results[name]!;
        const exact = scope.emit("Cast", [results[name]!], { to: castTo("double") });
        return scope.emit("Cast", [scope.emit("Add", [exact, ofUnits])], { to: castTo("float") });
      };
      const logDet = shifted("logDet");
      const within = shifted("logProb");
      const logProb =
        deviates === undefined
          ? within
          : scope.emit("Where", [deviates, scope.float(-Infinity), within]);
      const calibration = data?.calibration;
      const outlier =
        calibration &&
        outlierValues(scope, { logProb, events: middles! }, calibration, model.dimensions);
      return {
        log_prob: float(logProb, [], "log p(x) in nats, in the data's own units"),
        log_det: float(logDet, [], "ln|det J| in nats, a part of log p(x)"),
        z: latents(),
        ...(outlier && {
          score: {
            ...float(
              outlier.score,
              [],
              "how unusual: 0 for the usual row, above 1 for one in fifty",
            ),
            type: "double",
          },
          p_value: {
            ...float(outlier.pValue, [], "share of held-out rows that are as unusual"),
            type: "double",
          },
        }),
      };
    }
    case "forward":
      return { z: latents() };
    case "inverse":
    case "sample": {
      const kind = to === "sample" ? "samples" : "events";
      const value = leaveEvents(scope, results.x!, kind, rows);
      return { x: { ...rowType(rows), value, what: "rows in the data's own units" } };
    }
    case "classify": {
      const shape = [model.classifier!.classes];
      return { probabilities: float(results.probabilities!, shape, "p(class | x)") };
    }
  }
}

/** The residuals of all checks, `[B, checks]`, and whether all of a row are within tolerance. */
function residualOf(
  scope: GraphScope,
  results: Readonly<Record<string, string>>,
  checks: readonly Check[],
): { readonly value: string; readonly isSmall: string } | undefined {
  if (checks.length === 0) return undefined;
  const columns = checks.map((_, i) =>
    scope.emit("Reshape", [results[residualName(i)]!, scope.ints([-1, 1])]),
  );
  const value = scope.emit("Concat", columns, { axis: 1 });
  const tolerances = checks.map(({ tolerance }) => tolerance);
  const limits = scope.floats(tolerances, [1, checks.length]);
  const within = scope.emit("LessOrEqual", [value, limits]);
  return { value, isSmall: every(scope, within, [checks.length]) };
}
