import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { decodeCheckpoint, type Checkpoint } from "../checkpoint/checkpoint.js";
import { openCheckpoint } from "../checkpoint/open.js";
import type { DataDescription } from "../data/index.js";
import type { Engine } from "../engine/engine.js";
import type { Model, SettledNorms } from "../models/index.js";
import type { Arrays } from "../tree.js";
import { Runner, type AnyRunner } from "./runner.js";

export interface RunnerOptions {
  /** Where it runs; it stays open when the runner is closed. */
  readonly engine: Engine;
}

export interface ModelOptions extends RunnerOptions {
  /**
   * The data that the model was trained on, as its checkpoint keeps it; without it rows are taken as
   * they are.
   */
  readonly data?: DataDescription;
  /** What its checkpoint says of its norms, see {@link settledCheckpoint}. */
  readonly settledNorms?: SettledNorms;
}

/**
 * Opens a model with numbers in hand.
 *
 * @param model from its maker, such as {@link iResNetDensity}, or {@link createModel}
 * @param arrays its variables by path, such as a checkpoint's arrays: of those of a training run,
 *   moving averages are preferred
 * @returns a runner whose methods are those that the model's type grants
 * @throws {CheckpointError} if the arrays are another model's, or not finite.
 * @throws {LipschitzError} if the weights' norms don't settle.
 */
export async function openModel<M extends Model>(
  model: M,
  arrays: Arrays,
  options: ModelOptions,
): Promise<Runner<M>> {
  expectOptions(options, ["engine", "data", "settledNorms"], "openModel");
  expectKind(options.engine, "engine", "openModel");
  return Runner.open(model, arrays, options);
}

/**
 * Opens a trained model from its checkpoint, which holds the model's kind and configuration.
 *
 * @param source a checkpoint, or the bytes of its file
 * @throws {CheckpointError} if it is damaged, untrained or not finite.
 * @throws {UsageError} if no model of its kind is registered.
 * @throws {LipschitzError} if the weights' norms don't settle.
 */
export async function openRunner(
  source: Checkpoint | Uint8Array,
  options: RunnerOptions,
): Promise<AnyRunner> {
  const checkpoint = source instanceof Uint8Array ? decodeCheckpoint(source, "openRunner") : source;
  return openNamed(checkpoint, "openRunner", options);
}

/** @param where names the checkpoint in errors of what it holds. */
export async function openNamed(
  checkpoint: Checkpoint,
  where: string,
  options: RunnerOptions,
): Promise<AnyRunner> {
  expectOptions(options, ["engine"], "openRunner");
  expectKind(options.engine, "engine", "openRunner");
  const { model, arrays, ...opened } = openCheckpoint(checkpoint, where);
  return Runner.open(model, arrays, { ...options, ...opened });
}
