import { createModel, type AnyModel } from "../src/models/index.js";
import { Random } from "../src/random.js";
import { imageBatches, type BatchSource } from "../src/train/batches.js";
import { parseTrainingConfig, type TrainingConfig } from "../src/train/config.js";
import { findPreset } from "../src/train/presets/index.js";
import { sizeOf } from "../src/tree.js";

/** As many images as MNIST's training set. */
const count = 55_000;
const classes = 10;

export interface PresetBatches {
  readonly model: AnyModel;
  readonly training: TrainingConfig;
  readonly source: BatchSource;
  readonly random: Random;
}

/** A preset's model, and batches as it trains on, of made-up images. */
export function presetBatches(
  name: string,
  changes: { readonly batchSize?: number } = {},
): PresetBatches {
  const preset = findPreset(name);
  const model = createModel(preset.model.kind, preset.model.config);
  const training = parseTrainingConfig({ ...preset.training, ...changes });
  const { batchSize, augmentation } = training;
  const [channels = 1, height = 1, width = 1] = model.batch.x!;
  const shape = [channels, height, width] as const;
  const random = Random.fromSeed(1);
  const set = {
    pixels: Uint8Array.from(random.split("pixels").integers(count * sizeOf(shape), 256)),
    labels: Uint8Array.from(random.split("labels").integers(count, classes)),
    shape,
    count,
    classes,
  };
  const labels = model.task === "classification";
  return {
    model,
    training,
    source: imageBatches(set, { batchSize, random, augmentation, labels }),
    random,
  };
}
