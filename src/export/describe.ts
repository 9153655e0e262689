import type { JsonObject } from "../json.js";
import { Conformal } from "../measure/index.js";
import { exportedSet } from "../onnx/index.js";
import { mapValues } from "../tree.js";
import { version } from "../version.js";
import type { Source, Written } from "./file.js";
import type { ExportTarget, Request } from "./request.js";
import { cellsOf } from "./table-cells.js";
import type { FileValues } from "./values.js";

/** Rates of false alarms whose thresholds are stated. */
const rates = [0.001, 0.01, 0.05, 0.1];

/** What an exported file is, as plain JSON: for runtimes that don't hand out its metadata. */
export interface ExportDescription extends JsonObject {
  readonly producer: string;
  readonly operatorSet: number;
  readonly to: ExportTarget;
  /** Kind and configuration. */
  readonly model: JsonObject;
  /** Type, shape and meaning of each input and output. */
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
}

/** @param more what its caller knows of it, such as the checkpoint's hash */
export function describeExport(
  { to, method }: Request,
  { core, numbers, data }: Source,
  written: Written,
  more: JsonObject,
): ExportDescription {
  const { kind, config, classifier } = core.model;
  const { calibration, table } = data ?? {};
  const columns = table
    ? cellsOf(table)
    : data?.preprocessing?.columns.map((column) => ({ name: column.name, kind: column.kind }));
  return {
    ...more,
    producer: `iresnet ${version}`,
    operatorSet: exportedSet.opset,
    to,
    model: { kind, config },
    ...(data && { data: data.name }),
    inputs: described(written.inputs),
    outputs: described(written.outputs),
    ...(columns && { columns: columns as readonly JsonObject[] }),
    ...(classifier && { classes: classNames(data?.classes, classifier.classes) }),
    ...(method && {
      logDet: { method: method.method, terms: method.terms, bias: finite(method.bias) },
    }),
    lipschitz: mapValues(numbers.lipschitz, finite),
    checks: written.checks.map(({ where, tolerance, remedy }) => ({ where, tolerance, remedy })),
    ...(calibration && { calibration: thresholds(calibration) }),
  };
}

/** Each field as text, as a file's metadata holds it. */
export function metadataOf(description: ExportDescription): Record<string, string> {
  return Object.fromEntries(
    Object.entries(description).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** JSON has null for what is infinite. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function described(values: FileValues): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, { type, shape, what }]) => [
      name,
      { type: type === "float" ? "float32" : "float64", shape: ["batch", ...shape], what },
    ]),
  );
}

function classNames(names: readonly string[] | undefined, count: number): readonly string[] {
  return names?.length === count ? names : Array.from({ length: count }, (_, i) => String(i));
}

/** Scores above which p-values are at most each rate; null where held-out rows are too few. */
function thresholds({
  scores,
  beyond,
}: {
  readonly scores: readonly number[];
  readonly beyond: number;
}): JsonObject {
  const conformal = new Conformal([...scores, ...Array<number>(beyond).fill(Infinity)]);
  return {
    heldOut: conformal.count,
    thresholds: rates.map((rate) => ({ rate, score: finite(conformal.threshold(rate)) })),
  };
}
