import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  inferenceCheckpoint,
  type Checkpoint,
  type EncodeCheckpointOptions,
} from "../checkpoint/checkpoint.js";
import { openCheckpoint } from "../checkpoint/open.js";
import { openNumbers } from "./core.js";
import type { RunnerOptions } from "./open.js";

const where = "settledCheckpoint";

/**
 * What inference takes of a checkpoint, as {@link inferenceCheckpoint}, with norms that have settled:
 * a runner of it opens after one power iteration in place of hundreds, in a page seconds sooner.
 *
 * @param options.engine computes the norms
 * @param options.bits what the numbers are rounded to before, 32 or 16; {@link encodeCheckpoint} is to be
 *   given the same
 * @throws {CheckpointError} if the checkpoint is untrained, not finite, or too large for 16 bits.
 * @throws {UsageError} if no model of its kind is registered, or an option isn't valid.
 * @throws {LipschitzError} if the weights' norms don't settle.
 */
export async function settledCheckpoint(
  checkpoint: Checkpoint,
  options: RunnerOptions & EncodeCheckpointOptions,
): Promise<Checkpoint> {
  expectOptions(options, ["engine", "bits"], where);
  const { engine, bits = 32 } = options;
  expectKind(engine, "engine", where);
  const plain = inferenceCheckpoint(checkpoint);
  // The norms are those of the numbers that a reader finds.
  const kept = decodeCheckpoint(encodeCheckpoint(plain, { bits }), where);
  const { model, arrays } = openCheckpoint(kept, where);
  const { store, settledNorms } = await openNumbers(engine, model, arrays);
  try {
    return { ...kept, settledNorms, arrays: await store.read(Object.keys(arrays)) };
  } finally {
    await store.close();
  }
}
