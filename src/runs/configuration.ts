import { expectOptions } from "../border/options.js";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { resolve } from "node:path";
import { UsageError } from "../errors.js";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.js";
import { createModel } from "../models/index.js";
import { parseTrainingConfig } from "../train/config.js";
import { findPreset, type Preset } from "../train/presets/index.js";
import { expectDataName } from "../data/index.js";
import type { RunConfig } from "./run-folder.js";
import { version } from "../version.js";

/** Settings of a preset that a user may change. */
export interface Overrides {
  /** The command that begins the run, for its report. */
  readonly command?: string;
  readonly data?: string;
  /** Folder of the data sets; `data` unless given. */
  readonly dataDir?: string;
  readonly steps?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly c?: number;
  readonly vanilla?: boolean;
  readonly activation?: string;
  readonly seed?: number;
  readonly validateEvery?: number;
  readonly checkpointEvery?: number;
  readonly threads?: number;
  readonly device?: NonNullable<RunConfig["device"]>;
  /** `auto` (the default) takes what a measurement finds faster. */
  readonly workers?: number | "auto";
}

const known = [
  "command",
  "data",
  "dataDir",
  "steps",
  "batchSize",
  "lr",
  "c",
  "vanilla",
  "activation",
  "seed",
  "validateEvery",
  "checkpointEvery",
  "threads",
  "device",
  "workers",
] as const satisfies readonly (keyof Overrides)[];

/**
 * A run's configuration: a preset with the user's changes.
 * @throws {UsageError} if the preset, a setting or a value doesn't exist, or a density has no bound.
 * @throws {LipschitzError} unless c is in (0, 0.998).
 */
export function configure(presetName: string, overrides: Overrides): RunConfig {
  expectOptions(overrides, known, "configure");
  return configureFrom(findPreset(presetName), overrides);
}

/** As {@link configure}, from what a preset says; `overrides` may hold more than these. */
export function configureFrom(
  preset: Pick<Preset, "name" | "data" | "model" | "training">,
  overrides: Overrides,
): RunConfig {
  const { data = preset.data, dataDir = "data" } = overrides;
  expectDataName(data, "data");
  return configureFor({ name: data, folder: resolve(dataDir) }, preset, overrides);
}

/**
 * The configuration of a run on data that are known by more than their name: a model and its training
 * with the user's changes.
 *
 * @throws as {@link configure}.
 */
export function configureFor(
  data: RunConfig["data"],
  preset: Pick<Preset, "name" | "model" | "training">,
  overrides: Omit<Overrides, "data" | "dataDir">,
): RunConfig {
  const { steps, batchSize, lr, seed, c, activation } = overrides;
  if (
    overrides.vanilla &&
    createModel(preset.model.kind, preset.model.config).task !== "classification"
  ) {
    throw new UsageError(
      `vanilla: expected a classifier, got ${preset.model.kind}, whose log-determinant needs a Lipschitz bound below 1; choose a c close to 1`,
    );
  }
  const training = parseTrainingConfig({
    ...preset.training,
    ...(steps !== undefined && { steps }),
    ...(batchSize !== undefined && { batchSize }),
    ...(seed !== undefined && { seed }),
    schedule: { ...preset.training.schedule, ...(lr !== undefined && { learningRate: lr }) },
  });
  const { kind, config } = createModel(preset.model.kind, {
    ...asObject(preset.model.config),
    ...(c !== undefined && { c }),
    ...(overrides.vanilla && { c: null }),
    ...(activation !== undefined && { activation }),
  });
  return {
    preset: preset.name,
    command: overrides.command ?? "",
    version,
    data,
    model: { kind, config },
    training,
    validateEvery: overrides.validateEvery ?? Math.ceil(training.steps / 10),
    checkpointEvery: overrides.checkpointEvery ?? Math.min(250, training.steps),
    threads: overrides.threads ?? availableParallelism(),
    ...(overrides.device && { device: overrides.device }),
    ...workersConfig(overrides.workers),
    hardware: hardware(),
  };
}

/** The machine that a run is on. */
export function hardware(): RunConfig["hardware"] {
  return {
    cpu: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

/** The part of a run's configuration on workers: none if a measurement has to tell. */
export function workersConfig(workers: Overrides["workers"] = "auto"): Pick<RunConfig, "workers"> {
  return workers === "auto" ? {} : { workers };
}

function asObject(config: JsonValue): JsonObject {
  return isJsonObject(config) ? config : {};
}
