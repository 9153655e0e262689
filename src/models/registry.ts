import { z } from "zod";
import { UsageError } from "../errors.js";
import type { JsonValue } from "../json.js";
import { Ffjord, ffjordConfig } from "./ffjord.js";
import { Glow, glowConfig } from "./glow.js";
import { IResNetClassifier, iResNetClassifierConfig } from "./i-resnet-classifier.js";
import { IResNetDensity, iResNetDensityConfig } from "./i-resnet-density.js";
import { IResNetHybrid, iResNetHybridConfig } from "./i-resnet-hybrid.js";
import { Made, madeConfig } from "./made.js";
import { Maf, mafConfig } from "./maf.js";
import type { AnyModel } from "./model.js";
import { Nice, niceConfig } from "./nice.js";
import { RealNvp, realNvpConfig } from "./real-nvp.js";
import { ResidualFlow, residualFlowConfig } from "./residual-flow.js";
import { ResNet, resNetConfig } from "./resnet.js";

/** Where a model comes from, and how to make one from its configuration. */
export interface ModelEntry {
  readonly name: string;
  readonly task: AnyModel["task"];
  readonly paper: string;
  readonly year: number;
  create(config: JsonValue): AnyModel;
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
  "i-resnet-hybrid": {
    name: "i-ResNet hybrid",
    task: "hybrid",
    paper:
      "Chen et al., Residual Flows for Invertible Generative Modeling, https://arxiv.org/abs/1906.02735",
    year: 2019,
    create: (config) => new IResNetHybrid(config as z.input<typeof iResNetHybridConfig>),
  },
  "residual-flow": {
    name: "Residual Flow",
    task: "density",
    paper:
      "Chen et al., Residual Flows for Invertible Generative Modeling, https://arxiv.org/abs/1906.02735",
    year: 2019,
    create: (config) => new ResidualFlow(config as z.input<typeof residualFlowConfig>),
  },
  resnet: {
    name: "ResNet",
    task: "classification",
    paper:
      "He et al., Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027",
    year: 2016,
    create: (config) => new ResNet(config as z.input<typeof resNetConfig>),
  },
  nice: {
    name: "NICE",
    task: "density",
    paper:
      "Dinh et al., NICE: Non-linear Independent Components Estimation, https://arxiv.org/abs/1410.8516",
    year: 2015,
    create: (config) => new Nice(config as z.input<typeof niceConfig>),
  },
  made: {
    name: "MADE",
    task: "density",
    paper:
      "Germain et al., MADE: Masked Autoencoder for Distribution Estimation, https://arxiv.org/abs/1502.03509",
    year: 2015,
    create: (config) => new Made(config as z.input<typeof madeConfig>),
  },
  maf: {
    name: "MAF",
    task: "density",
    paper:
      "Papamakarios et al., Masked Autoregressive Flow for Density Estimation, https://arxiv.org/abs/1705.07057",
    year: 2017,
    create: (config) => new Maf(config as z.input<typeof mafConfig>),
  },
  "real-nvp": {
    name: "Real NVP",
    task: "density",
    paper: "Dinh et al., Density estimation using Real NVP, https://arxiv.org/abs/1605.08803",
    year: 2017,
    create: (config) => new RealNvp(config as z.input<typeof realNvpConfig>),
  },
  glow: {
    name: "Glow",
    task: "density",
    paper:
      "Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, https://arxiv.org/abs/1807.03039",
    year: 2018,
    create: (config) => new Glow(config as z.input<typeof glowConfig>),
  },
  ffjord: {
    name: "FFJORD",
    task: "density",
    paper:
      "Grathwohl et al., FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models, https://arxiv.org/abs/1810.01367",
    year: 2019,
    create: (config) => new Ffjord(config as z.input<typeof ffjordConfig>),
  },
} as const satisfies Record<string, ModelEntry>;

export type ModelKind = keyof typeof models;

/**
 * The model of a kind, from its configuration.
 * @throws {UsageError} if there is no such kind, or the configuration isn't one of it.
 * @throws {LipschitzError} if its c is outside (0, 1).
 */
export function createModel(kind: string, config: JsonValue): AnyModel {
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
