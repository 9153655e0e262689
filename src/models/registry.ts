import { expectKind } from "../border/kinds.js";
import { nearest } from "../border/options.js";
import { UsageError } from "../errors.js";
import type { JsonValue } from "../json.js";
import type { ModelDefinition } from "./define.js";
import { ffjord } from "./ffjord.js";
import { glow } from "./glow.js";
import { iResNetClassifier } from "./i-resnet-classifier.js";
import { iResNetDensity } from "./i-resnet-density.js";
import { iResNetHybrid } from "./i-resnet-hybrid.js";
import { made } from "./made.js";
import { maf } from "./maf.js";
import type { AnyModel } from "./model.js";
import { nice } from "./nice.js";
import { realNvp } from "./real-nvp.js";
import { residualFlow } from "./residual-flow.js";
import { resNet } from "./resnet.js";

/** Every model there is; {@link registerModel} adds to it. */
const definitions: ModelDefinition[] = [
  iResNetClassifier,
  iResNetDensity,
  iResNetHybrid,
  residualFlow,
  resNet,
  nice,
  made,
  maf,
  realNvp,
  glow,
  ffjord,
].map(({ definition }) => definition);

/** Every model there is, those of this package first. */
export function modelDefinitions(): readonly ModelDefinition[] {
  return [...definitions];
}

/**
 * Adds a model, so that its checkpoints open and commands know it.
 *
 * @param maker what {@link defineModel} gave
 * @throws {UsageError} if another model has its kind.
 */
export function registerModel(maker: { readonly definition: ModelDefinition }): void {
  expectKind(maker, "model maker", "registerModel");
  const { definition } = maker;
  const known = definitions.find(({ kind }) => kind === definition.kind);
  if (known === definition) return;
  if (known) {
    throw new UsageError(
      `registerModel: expected a new kind, got "${definition.kind}", which ${known.name} has; choose another`,
      { name: definition.kind },
    );
  }
  definitions.push(definition);
}

/**
 * The model of a kind, from its configuration.
 *
 * @param kind as checkpoints keep it, such as `i-resnet-density`
 * @param config as checkpoints keep it; defaults may be left out
 * @throws {UsageError} if there is no such kind, naming the nearest, or the configuration isn't one
 *   of it.
 * @throws {LipschitzError} if its c is outside (0, 0.998).
 */
export function createModel(kind: string, config: JsonValue): AnyModel {
  const definition = definitions.find((one) => one.kind === kind);
  if (definition) return definition.create(config);
  const kinds = definitions.map((one) => one.kind);
  const near = nearest(kind, kinds);
  throw new UsageError(
    `createModel: expected one of ${kinds.join(", ")}, got "${kind}"; ${near === undefined ? "register the model first, with registerModel" : `did you mean "${near}"?`}`,
    { name: kind },
  );
}
