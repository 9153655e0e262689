import { expectKind } from "../border/kinds.js";
import { openData } from "../data/files.js";
import type { DataSet } from "../data/index.js";
import { createModel, type Model } from "../models/index.js";
import { expectFit } from "../train/batches.js";
import { expectShares } from "../train/start.js";
import type { Listener } from "./listener.js";
import { openPictureData } from "./picture-data.js";
import { expectTrains, type RunConfig, type SavedConfig } from "./run-folder.js";

/** A run that is ready to train: its model and data are there, and fit each other. */
export interface PreparedRun {
  readonly config: RunConfig;
  readonly model: Model;
  readonly data: DataSet;
}

/**
 * @param listener told how many pictures are read
 * @throws {DataError} if the data are missing, damaged or don't fit the model.
 * @throws {UsageError} if its weights were imported, or its workers can't share a batch equally.
 */
export async function prepareRun(saved: SavedConfig, listener?: Listener): Promise<PreparedRun> {
  expectKind(saved, "run configuration", "prepareRun");
  const config = expectTrains(saved);
  expectShares(config.training.batchSize, config.workers ?? 1);
  const model = createModel(config.model.kind, config.model.config);
  const data = config.pictures
    ? await openPictureData(config.pictures, listener)
    : await openData(config.data.name, { folder: config.data.folder });
  expectFit(data, model);
  return { config, model, data };
}
