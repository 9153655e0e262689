import { z } from "zod";
import { UsageError } from "../errors.js";
import type { JsonValue } from "../json.js";
import { IResNetClassifier, iResNetClassifierConfig } from "./i-resnet-classifier.js";
import { IResNetDensity, iResNetDensityConfig } from "./i-resnet-density.js";
import type { ClassifierModel, DensityModel } from "./model.js";
import { ResNet, resNetConfig } from "./resnet.js";

/** Where a model comes from, and how to make one from its configuration. */
export interface ModelEntry {
  readonly name: string;
  readonly task: "classification" | "density";
  readonly paper: string;
  readonly year: number;
  create(config: JsonValue): ClassifierModel | DensityModel;
}

/** Every model, by the kind its checkpoints carry. Their constructors check what they are given. */
export const models = {
  "i-resnet-classifier": {
    name: "i-ResNet classifier",
    task: "classification",
    paper: "Behrmann et al., Invertible Residual Networks, https://arxiv.org/abs/1811.00995",
    year: 2019,
    create: (config) => new IResNetClassifier(config as z.input<typeof iResNetClassifierConfig>),
  },
  "i-resnet-density": {
    name: "i-ResNet density",
    task: "density",
    paper: "Behrmann et al., Invertible Residual Networks, https://arxiv.org/abs/1811.00995",
    year: 2019,
    create: (config) => new IResNetDensity(config as z.input<typeof iResNetDensityConfig>),
  },
  resnet: {
    name: "ResNet",
    task: "classification",
    paper:
      "He et al., Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027",
    year: 2016,
    create: (config) => new ResNet(config as z.input<typeof resNetConfig>),
  },
} as const satisfies Record<string, ModelEntry>;

export type ModelKind = keyof typeof models;

/**
 * The model of a kind, from its configuration.
 * @throws {UsageError} if there is no such kind, or the configuration isn't one of it.
 * @throws {LipschitzError} if its c is outside (0, 1).
 */
export function createModel(kind: string, config: JsonValue): ClassifierModel | DensityModel {
  if (!isModelKind(kind)) {
    throw new UsageError(
      `createModel: expected one of ${Object.keys(models).join(", ")}, got "${kind}"`,
    );
  }
  return models[kind].create(config);
}

function isModelKind(kind: string): kind is ModelKind {
  return Object.hasOwn(models, kind);
}
