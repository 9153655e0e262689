import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { createModel } from "../../src/models/index.js";
import { isJsonObject, type JsonValue } from "../../src/json.js";
import { smallModels } from "./small-configs.js";

/**
 * Of configurations, complete, and of the variables' paths, kinds, decay and shapes, as version
 * 0.1.0 had them for the small configurations: what its checkpoints hold.
 */
const digests: Readonly<Record<string, string>> = {
  "i-resnet-classifier": "b9fe2e01294a9b7f",
  "i-resnet-density": "04141e307bb822aa",
  "i-resnet-hybrid": "af660eedbb0ea5a4",
  "residual-flow": "5744d7a462c50e48",
  nice: "d6afed4a89f02522",
  "real-nvp": "aa616fddc2b98464",
  glow: "9e2413bcd9e1d657",
  // But for a condition, which reaches the outputs of MADE and MAF directly since.
  made: "05442eaf656b3b54",
  maf: "827b73b903134c36",
  ffjord: "ac48cd79e061e2a8",
  resnet: "567e8264cc018706",
};

describe("checkpoints of version 0.1.0", () => {
  for (const [kind, digest] of Object.entries(digests)) {
    it(`have the configuration and the arrays of today's model: ${kind}`, () => {
      const hash = createHash("sha256");
      for (const given of Object.values(smallModels[kind]!.configs).filter(isOld)) {
        const { config, scope } = createModel(kind, withoutReal(given));
        const variables = scope.variables.map(({ name, kind, decay, tensor }) => [
          name,
          kind,
          decay,
          tensor.shape,
        ]);
        hash.update(JSON.stringify([config, variables]));
      }
      assert.equal(hash.digest("hex").slice(0, 16), digest);
    });
  }
});

/** Whether 0.1.0 had all that a configuration names. */
function isOld(config: JsonValue): boolean {
  if (!isJsonObject(config)) return true;
  return !["block", "concatenate", "mix", "whiten", "headWidth"].some((option) => option in config);
}

/** Images of real numbers came later. */
function withoutReal(config: JsonValue): JsonValue {
  if (!isJsonObject(config)) return config;
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== "real"));
}
