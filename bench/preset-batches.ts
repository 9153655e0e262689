import { createModel, type AnyModel } from "../src/models/index.js";
import { Random } from "../src/random.js";
import { arrayData, type DataSet } from "../src/data/index.js";
import { batchesOf, type BatchSource } from "../src/train/batches.js";
import { parseTrainingConfig, type TrainingConfig } from "../src/train/config.js";
import { findPreset } from "../src/train/presets/index.js";
import { sizeOf } from "../src/tree.js";

/** As many images as MNIST's training set. */
const count = 55_000;
const classes = 10;

export interface PresetBatches {
  readonly model: AnyModel;
  readonly training: TrainingConfig;
  readonly data: DataSet;
  readonly source: BatchSource;
  readonly random: Random;
}

/** A preset's model, and batches as it trains on, of made-up images. */
export async function presetBatches(
  name: string,
  changes: { readonly batchSize?: number } = {},
): Promise<PresetBatches> {
  const preset = findPreset(name);
  const model = createModel(preset.model.kind, preset.model.config);
  const training = parseTrainingConfig({ ...preset.training, ...changes });
  const [channels = 1, height = 1, width = 1] = model.batch.x!;
  const shape = [channels, height, width] as const;
  const random = Random.fromSeed(1);
  const pixels = random.split("pixels").integers(count * sizeOf(shape), 256);
  const data = arrayData({
    x: { shape: [count, ...shape], data: Uint8Array.from(pixels) },
    labels: random.split("labels").integers(count, classes),
    classes,
    validation: 0,
  });
  return { model, training, data, source: await batchesOf(data, model, training), random };
}
