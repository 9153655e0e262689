import { expectKind } from "../border/kinds.js";
import { dataDescriptionSchema, type DataDescription } from "../data/index.js";
import { CheckpointError } from "../errors.js";
import { sameShape, sizeOf, type Arrays, type Shape } from "../tree.js";
import {
  isJsonObject,
  parseJsonObject,
  sameJson,
  type JsonObject,
  type JsonValue,
} from "../json.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";

/** Where a training run stands. */
export interface TrainingState {
  /** Seed of the run; with `step` it gives every later random number. */
  readonly seed: number;
  /** Steps taken. */
  readonly step: number;
  /** Time spent on those steps, over all resumptions. */
  readonly elapsedSeconds: number;
  readonly config: JsonValue;
  /** The best validation so far. */
  readonly best?: { readonly step: number; readonly value: number };
}

/**
 * A model with all it needs to be used, and to continue its training bit for bit.
 *
 * As a file: the arrays in safetensors, the rest as JSON in its metadata under `iresnet`.
 */
export interface Checkpoint {
  readonly format: 1;
  readonly model: { readonly kind: string; readonly config: JsonValue };
  /** What it was trained on; absent in those of earlier versions. */
  readonly data?: DataDescription;
  /** Absent if the training cannot be continued. */
  readonly training?: TrainingState;
  /** Parameters, untrained state (power-iteration vectors, ActNorm's flag) and optimizer slots. */
  readonly arrays: Arrays;
}

const FORMAT = 1;
const METADATA_KEY = "iresnet";

/**
 * Writes a checkpoint as a safetensors file; equal checkpoints give equal bytes.
 *
 * @throws {CheckpointError} if a number of `training` isn't finite.
 * @throws {ShapeError} if an array's count of numbers isn't its shape's size.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  expectKind(checkpoint, "checkpoint", "encodeCheckpoint");
  const { arrays, ...rest } = checkpoint;
  // Reading it back fixes the order of the fields and refuses what JSON cannot hold.
  const manifest = parseManifest(JSON.stringify(rest), "encodeCheckpoint");
  return encodeSafetensors(arrays, { [METADATA_KEY]: JSON.stringify(manifest) });
}

/**
 * Reads a checkpoint. Nothing in it is executed.
 *
 * @param where names the file in errors.
 * @throws {CheckpointError} if the file is truncated, malformed, of a newer format, or not a
 * checkpoint of iresnet.
 */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { arrays, metadata } = decodeSafetensors(bytes, where);
  const text = metadata[METADATA_KEY];
  if (text === undefined) {
    throw new CheckpointError(
      `${where}: expected a checkpoint of iresnet, got a safetensors file of another program (no "${METADATA_KEY}" in its metadata); use a checkpoint that iresnet saved`,
    );
  }
  return { ...parseManifest(text, where), arrays };
}

/**
 * Checks that a checkpoint is of this kind of model, configured alike.
 *
 * @param where names the checkpoint in errors.
 * @throws {CheckpointError} if it is of another model.
 */
export function expectModel(
  { model }: Pick<Checkpoint, "model">,
  { kind, config }: Checkpoint["model"],
  where: string,
): void {
  if (model.kind === kind && sameJson(model.config, config)) return;
  throw new CheckpointError(
    `${where}: expected a checkpoint of ${kind} ${JSON.stringify(config)}, got one of ${model.kind} ${JSON.stringify(model.config)}; build the model from the checkpoint's own config`,
  );
}

/**
 * Checks that a checkpoint holds exactly the arrays a model expects.
 *
 * @throws {CheckpointError} naming the first arrays that are missing, surplus or of another shape.
 */
export function expectArrays(
  { arrays }: Pick<Checkpoint, "arrays">,
  expected: Readonly<Record<string, Shape>>,
  where: string,
): void {
  const missing: string[] = [];
  const reshaped: string[] = [];
  for (const [name, shape] of Object.entries(expected)) {
    const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (!array) missing.push(`${name} [${shape}]`);
    else if (!sameShape(array.shape, shape)) {
      reshaped.push(`${name} [${array.shape}] for [${shape}]`);
    } else if (array.data.length !== sizeOf(shape)) {
      reshaped.push(`${name} of ${array.data.length} numbers for [${shape}]`);
    }
  }
  const surplus = Object.entries(arrays)
    .filter(([name]) => !Object.hasOwn(expected, name))
    .map(([name, array]) => `${name} [${(array as typeof array | null)?.shape}]`);

  const differences = [
    ...firstOf("missing", missing),
    ...firstOf("surplus", surplus),
    ...firstOf("of another shape", reshaped),
  ];
  if (differences.length > 0) {
    throw new CheckpointError(
      `${where}: expected the arrays of this model, got a checkpoint from another model (${differences.join("; ")}); build the model from the checkpoint's own config`,
    );
  }
}

function firstOf(label: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > 3 ? ` and ${items.length - 3} more` : "";
  return [`${label}: ${items.slice(0, 3).join(", ")}${more}`];
}

function parseManifest(text: string, where: string): Omit<Checkpoint, "arrays"> {
  const json = parseJsonObject(text);
  if (json === undefined)
    throw malformed(where, METADATA_KEY, "a JSON object", JSON.stringify(text));

  const format = field(json, "format", number, where);
  if (format > FORMAT) {
    throw new CheckpointError(
      `${where}: expected checkpoint format ${FORMAT}, which this version of iresnet reads, got format ${format}; update with npm install iresnet@latest`,
    );
  }
  if (format !== FORMAT) throw malformed(where, "format", String(FORMAT), String(format));

  const model = field(json, "model", object, where);
  return {
    format: FORMAT,
    model: {
      kind: field(model, "model.kind", string, where),
      config: field(model, "model.config", anything, where),
    },
    ...(json.data !== undefined && { data: parseData(json.data, where) }),
    ...(json.training !== undefined && { training: parseTraining(json, where) }),
  };
}

function parseData(json: JsonValue, where: string): DataDescription {
  const result = dataDescriptionSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = ["data", ...(issue?.path ?? [])].join(".");
  throw new CheckpointError(
    `${where}: expected a description of data, got one whose ${path} is wrong (${issue?.message}); use a checkpoint that iresnet saved`,
    { name: path },
  );
}

function parseTraining(json: JsonObject, where: string): TrainingState {
  const training = field(json, "training", object, where);
  return {
    seed: field(training, "training.seed", number, where),
    step: field(training, "training.step", count, where),
    elapsedSeconds: field(training, "training.elapsedSeconds", number, where),
    config: field(training, "training.config", anything, where),
    ...(training.best !== undefined && { best: parseBest(training, where) }),
  };
}

function parseBest(training: JsonObject, where: string): { step: number; value: number } {
  const best = field(training, "training.best", object, where);
  return {
    step: field(best, "training.best.step", count, where),
    value: field(best, "training.best.value", number, where),
  };
}

interface FieldType<T extends JsonValue> {
  readonly name: string;
  readonly accepts: (value: JsonValue | undefined) => value is T;
}

const anything: FieldType<JsonValue> = {
  name: "a value",
  accepts: (value): value is JsonValue => value !== undefined,
};
const object: FieldType<JsonObject> = { name: "an object", accepts: isJsonObject };
const string: FieldType<string> = {
  name: "a string",
  accepts: (value) => typeof value === "string",
};
const number: FieldType<number> = {
  name: "a finite number",
  accepts: (value): value is number => Number.isFinite(value),
};
const count: FieldType<number> = {
  name: "a count",
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
};

/** The field of `from` that the last part of `path` names. */
function field<T extends JsonValue>(
  from: JsonObject,
  path: string,
  type: FieldType<T>,
  where: string,
): T {
  const value = from[path.slice(path.lastIndexOf(".") + 1)];
  if (!type.accepts(value)) {
    const got = value === undefined ? "nothing" : JSON.stringify(value);
    throw malformed(where, path, type.name, got);
  }
  return value;
}

function malformed(where: string, path: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${path} to be ${expected}, got ${got.slice(0, 80)}; use a checkpoint that iresnet saved`,
  );
}
