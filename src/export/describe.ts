import type { Check } from "../bijections/index.js";
import { classNames, type Calibration } from "../data/index.js";
import type { JsonObject, JsonValue } from "../json.js";
import { exportedSet } from "../onnx/index.js";
import type { NoiseKind } from "../random.js";
import type { ScoreMethod } from "../runner/index.js";
import { cellsOf, type Cell } from "../tables/index.js";
import { conformalOf } from "../tables/score-rows.js";
import { mapValues, sizeOf } from "../tree.js";
import { version } from "../version.js";
import type { Source, Written } from "./file.js";
import type { ExportTarget, Request } from "./request.js";
import type { FileValue } from "./values.js";

/** Rates of false alarms whose thresholds are stated. */
const rates = [0.001, 0.01, 0.05, 0.1];

/** An output of a file. */
export interface ValueDescription {
  readonly type: "float32" | "float64";
  /** The first axis is `batch`. */
  readonly shape: readonly (number | string)[];
  /** A sentence about it, for people. */
  readonly what: string;
}

/** An input of a file. */
export interface InputDescription extends ValueDescription {
  /** What a runner draws for it, part by part, where it is noise. */
  readonly noise?: {
    readonly kind: NoiseKind;
    readonly parts: readonly { readonly name: string; readonly size: number }[];
  };
}

/** A description of an exported file as plain JSON, for runtimes that don't hand out its metadata. */
export interface ExportDescription {
  readonly producer: string;
  readonly operatorSet: number;
  readonly to: ExportTarget;
  readonly model: { readonly kind: string; readonly config: JsonValue };
  /** Name of the data. */
  readonly data?: string;
  readonly inputs: Readonly<Record<string, InputDescription>>;
  readonly outputs: Readonly<Record<string, ValueDescription>>;
  /** Of x, in its order: those of a table's file with the texts of their codes. */
  readonly columns?: readonly (Cell | { readonly name: string; readonly kind: string })[];
  /** Of a table's condition, in its order. */
  readonly conditionColumns?: readonly Cell[];
  readonly classes?: readonly string[];
  /** How log p is obtained: see {@link Scores.method}, `terms` and `bias`. */
  readonly logDet?: {
    readonly method: ScoreMethod["method"];
    readonly terms: number | null;
    readonly bias: number | null;
  };
  /** Bound on the Lipschitz constant of each residual branch, by path; null for none. */
  readonly lipschitz: Readonly<Record<string, number | null>>;
  /** What `residual` holds, in its order. */
  readonly checks: readonly Pick<Check, "where" | "tolerance" | "remedy">[];
  /** Scores above which p-values are at most each rate; null where held-out rows are too few. */
  readonly calibration?: {
    readonly heldOut: number;
    readonly thresholds: readonly { readonly rate: number; readonly score: number | null }[];
  };
  /** Entries that the caller of `exportOnnx` added. */
  readonly metadata?: JsonObject;
}

/** @param metadata what its caller knows of it, such as the checkpoint's hash */
export function describeExport(
  { to, method }: Request,
  { core, numbers, data }: Source,
  written: Written,
  metadata: JsonObject | undefined,
): ExportDescription {
  const { kind, config, classifier } = core.model;
  const { calibration, table } = data ?? {};
  const columns = table
    ? cellsOf(table.columns)
    : data?.preprocessing?.columns.map((column) => ({ name: column.name, kind: column.kind }));
  return {
    producer: `iresnet ${version}`,
    operatorSet: exportedSet.opset,
    to,
    model: { kind, config },
    ...(data && { data: data.name }),
    inputs: inputsOf(written),
    outputs: mapValues(written.outputs, described),
    ...(columns && { columns }),
    ...(table && table.condition.length > 0 && { conditionColumns: cellsOf(table.condition) }),
    ...(classifier && { classes: namesOf(data?.classes, classifier.classes) }),
    ...(method && {
      logDet: { method: method.method, terms: method.terms, bias: finite(method.bias) },
    }),
    lipschitz: mapValues(numbers.lipschitz, finite),
    checks: written.checks.map(({ where, tolerance, remedy }) => ({ where, tolerance, remedy })),
    ...(calibration && { calibration: thresholds(calibration) }),
    ...(metadata && { metadata }),
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

function inputsOf({ inputs, noise }: Written): Record<string, InputDescription> {
  const kinds = new Map(noise.map((one) => [one.name, one]));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const own = kinds.get(name);
      if (!own) return [name, described(value)];
      const parts = own.parts.map((part) => ({ name: part.name, size: sizeOf(part.event) }));
      return [name, { ...described(value), noise: { kind: own.kind, parts } }];
    }),
  );
}

function described({ type, shape, what }: FileValue): ValueDescription {
  return { type: type === "float" ? "float32" : "float64", shape: ["batch", ...shape], what };
}

function namesOf(names: readonly string[] | undefined, count: number): readonly string[] {
  return names?.length === count ? names : classNames(count);
}

function thresholds(calibration: Calibration): NonNullable<ExportDescription["calibration"]> {
  const conformal = conformalOf(calibration);
  return {
    heldOut: conformal.count,
    thresholds: rates.map((rate) => ({ rate, score: finite(conformal.threshold(rate)) })),
  };
}
