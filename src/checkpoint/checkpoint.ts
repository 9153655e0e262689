import * as z from "zod";
import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { crc32 } from "../crc32.js";
import { dataDescriptionSchema, type DataDescription } from "../data/index.js";
import { CheckpointError, UsageError } from "../errors.js";
import { sameShape, sizeOf, type Arrays, type Bytes, type Shape } from "../tree.js";
import { parseJsonObject, sameJson, type JsonValue } from "../json.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  toHalfArrays,
  type FloatBits,
} from "./safetensors.js";
import { inferenceArrays } from "./stored-arrays.js";

const anything = z.custom<JsonValue>((value) => value !== undefined, { error: "a value" });
const count = z.int({ error: "a count" }).nonnegative({ error: "a count" });
const number = z.number({ error: "a finite number" });
const object = { error: "an object" };

const trainingState = z.object(
  {
    /** Seed of the run; with `step` it gives every later random number. */
    seed: number,
    /** Steps taken. */
    step: count,
    /** Time spent on those steps, over all resumptions. */
    elapsedSeconds: number,
    config: anything,
    /** The best validation so far. */
    best: z.object({ step: count, value: number }, object).readonly().exactOptional(),
    /**
     * Means over the steps since the last report, if the run was stopped while it was validated after
     * this step: it is validated once it goes on.
     */
    due: z.record(z.string(), number, object).readonly().exactOptional(),
  },
  object,
);

/** Where a training run stands. */
export type TrainingState = Readonly<z.output<typeof trainingState>>;

const FORMAT = 1;
const METADATA_KEY = "iresnet";
/** Absent in those of earlier versions. */
const CHECKSUM_KEY = "iresnet.crc32";

/** All of a checkpoint but its arrays. */
const manifestSchema = z.object({
  format: z.literal(FORMAT, { error: String(FORMAT) }),
  model: z.object({ kind: z.string({ error: "a string" }), config: anything }, object),
  data: dataDescriptionSchema.exactOptional(),
  training: trainingState.exactOptional(),
  settledNorms: z
    .record(z.string(), z.number({ error: "a positive number" }).positive(), object)
    .readonly()
    .exactOptional(),
});

/**
 * A model with all it needs to be used, and to continue its training bit for bit.
 *
 * As a file: the arrays in safetensors, the rest as JSON in its metadata under `iresnet`, and a
 * checksum of both.
 */
export interface Checkpoint {
  readonly format: 1;
  readonly model: { readonly kind: string; readonly config: JsonValue };
  /** The data that it was trained on; absent in those of earlier versions. */
  readonly data?: DataDescription;
  /** Absent if the training cannot be continued. */
  readonly training?: TrainingState;
  /**
   * Norms of the stored weights by path, if they have settled with the stored vectors, see
   * {@link settledCheckpoint}: opening it then takes one power iteration in place of hundreds.
   */
  readonly settledNorms?: Readonly<Record<string, number>>;
  /** Parameters, untrained state (power-iteration vectors, ActNorm's flag) and optimizer slots. */
  readonly arrays: Arrays;
}

export interface EncodeCheckpointOptions {
  /**
   * Bits of each number: 32, or 16, which halves the file and rounds numbers to 11 binary digits; 32
   * unless given. A training that goes on needs all 32.
   */
  readonly bits?: FloatBits;
}

/**
 * Writes a checkpoint as a safetensors file; equal checkpoints give equal bytes.
 *
 * @throws {CheckpointError} if a number of `training` isn't finite, or 16 bits can't hold a number of
 * an array: they end at 65,504.
 * @throws {ShapeError} if an array's count of numbers isn't its shape's size.
 * @throws {UsageError} if an option is unknown, or 16 bits are asked for with `training` in it.
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  options: EncodeCheckpointOptions = {},
): Bytes {
  expectKind(checkpoint, "checkpoint", where);
  expectOptions(options, ["bits"], where);
  const { arrays: given, ...rest } = checkpoint;
  const bits = expectBits(options.bits ?? 32, rest.training);
  const arrays = bits === 16 ? toHalfArrays(given) : given;
  // Reading it back fixes the order of the fields and refuses what JSON cannot hold.
  const text = JSON.stringify(parseManifest(JSON.stringify(rest), where));
  const metadata = { [METADATA_KEY]: text, [CHECKSUM_KEY]: checksum(text, arrays) };
  return encodeSafetensors(arrays, metadata, bits);
}

const where = "encodeCheckpoint";

function expectBits(bits: number, training: TrainingState | undefined): FloatBits {
  if (bits !== 16 && bits !== 32) {
    throw new UsageError(`${where}: expected bits of 16 or 32, got ${String(bits)}`, {
      name: "bits",
    });
  }
  if (bits === 16 && training) {
    throw new UsageError(
      `${where}: expected a checkpoint without training for 16 bits, got one at step ${training.step}; leave it out, as inferenceCheckpoint does`,
      { name: "bits" },
    );
  }
  return bits;
}

/**
 * What inference takes of a checkpoint: its model, its data and the model's own arrays, moving averages
 * in place of parameters where there are any. A training can't go on from it.
 */
export function inferenceCheckpoint(checkpoint: Checkpoint): Checkpoint {
  expectKind(checkpoint, "checkpoint", "inferenceCheckpoint");
  const { format, model, data, settledNorms, arrays } = checkpoint;
  return {
    format,
    model,
    ...(data && { data }),
    ...(settledNorms && { settledNorms }),
    arrays: inferenceArrays(arrays),
  };
}

/**
 * Reads a checkpoint. Nothing in it is executed.
 *
 * @param where names the file in errors.
 * @throws {CheckpointError} if the file is truncated, malformed, of a newer format, or not a
 * checkpoint of iresnet, or its checksum is another.
 */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { arrays, metadata } = decodeSafetensors(bytes, where);
  const text = metadata[METADATA_KEY];
  if (text === undefined) {
    throw new CheckpointError(
      `${where}: expected a checkpoint of iresnet, got a safetensors file of another program (no "${METADATA_KEY}" in its metadata); use a checkpoint that iresnet saved`,
    );
  }
  const manifest = parseManifest(text, where);
  const expected = metadata[CHECKSUM_KEY];
  if (expected !== undefined && expected !== checksum(text, arrays)) {
    throw new CheckpointError(
      `${where}: expected the checksum ${expected}, got another; the file is damaged: copy it again or use another`,
    );
  }
  return { ...manifest, arrays };
}

/** CRC-32 of the JSON, then of each array's name and numbers, in the order of the names. */
function checksum(text: string, arrays: Arrays): string {
  const encoder = new TextEncoder();
  let crc = crc32(encoder.encode(text));
  for (const name of Object.keys(arrays).sort()) {
    const { buffer, byteOffset, byteLength } = arrays[name]!.data;
    crc = crc32(encoder.encode(name), crc);
    crc = crc32(new Uint8Array(buffer, byteOffset, byteLength), crc);
  }
  return crc.toString(16).padStart(8, "0");
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
  if (json === undefined) {
    throw malformed(where, METADATA_KEY, "a JSON object", JSON.stringify(text));
  }
  const { format } = json;
  if (typeof format === "number" && format > FORMAT) {
    throw new CheckpointError(
      `${where}: expected checkpoint format ${FORMAT}, which this version of iresnet reads, got format ${format}; update with npm install iresnet@latest`,
    );
  }
  const { data, error } = manifestSchema.safeParse(json, { reportInput: true });
  if (data) return data;
  const [{ path, message, input }] = error.issues as [z.core.$ZodIssue];
  const name = path.join(".");
  if (path[0] === "data") {
    throw new CheckpointError(
      `${where}: expected a description of data, got one whose ${name} is wrong (${message}); use a checkpoint that iresnet saved`,
      { name },
    );
  }
  throw malformed(where, name, message, input === undefined ? "nothing" : JSON.stringify(input));
}

function malformed(where: string, path: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${path} to be ${expected}, got ${got.slice(0, 80)}; use a checkpoint that iresnet saved`,
  );
}
