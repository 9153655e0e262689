import { suggestion } from "../../border/options.js";
import { UsageError } from "../../errors.js";
import { ffjordPresets } from "./ffjord.js";
import { glowPresets } from "./glow.js";
import { iResNetClassifierPresets } from "./i-resnet-classifier.js";
import { iResNetDensityPresets } from "./i-resnet-density.js";
import { iResNetHybridPresets } from "./i-resnet-hybrid.js";
import { madePresets } from "./made.js";
import { mafPresets } from "./maf.js";
import { nicePresets } from "./nice.js";
import type { Preset } from "./preset.js";
import { realNvpPresets } from "./real-nvp.js";
import { residualFlowPresets } from "./residual-flow.js";
import { resNetPresets } from "./resnet.js";

export type { Preset } from "./preset.js";

const all: readonly Preset[] = [
  ...iResNetDensityPresets,
  ...iResNetClassifierPresets,
  ...iResNetHybridPresets,
  ...residualFlowPresets,
  ...resNetPresets,
  ...nicePresets,
  ...madePresets,
  ...mafPresets,
  ...realNvpPresets,
  ...glowPresets,
  ...ffjordPresets,
];

const isPaper = ({ name }: Preset): boolean => name.endsWith("-paper");

/** Small presets for two cores, then the papers' own, by name. */
export const presets: Readonly<Record<string, Preset>> = Object.fromEntries(
  [...all.filter((preset) => !isPaper(preset)), ...all.filter(isPaper)].map((preset) => [
    preset.name,
    preset,
  ]),
);

/** @throws {UsageError} if there is no preset of this name, with the nearest one. */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) return preset;
  const near = suggestion(name, Object.keys(presets));
  throw new UsageError(
    `preset: expected the name of one, got "${name}"${near || "; list them with: iresnet info --presets"}`,
    { name },
  );
}
