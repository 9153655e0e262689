import * as z from "zod";
import { isJsonObject, type JsonValue } from "../json.js";
import type { PreparedRun } from "../runs/prepare.js";
import { formatNumber } from "../text.js";
import { sizeOf } from "../tree.js";
import type { RunConfig } from "../runs/run-folder.js";
import type { RowResult } from "./result.js";

/** What a run is, in the words that a table compares. */
export function describeRun(
  { config, model }: PreparedRun,
  examples: number,
  presetSteps: number,
): Pick<RowResult, "steps" | "presetSteps" | "epochs" | "settings"> {
  const { steps, batchSize, optimizer } = config.training;
  const parameters = model.scope.variables
    .filter(({ kind }) => kind === "parameter")
    .reduce((total, { tensor }) => total + sizeOf(tensor.shape), 0);
  const epochs = Number.isFinite(examples) ? (steps * batchSize) / examples : null;
  const count = (n: number): string => n.toLocaleString("en-US");
  const taken = `${count(steps)}${steps < presetSteps ? ` of ${count(presetSteps)}` : ""} steps of ${batchSize}, ${optimizer.kind}`;
  return {
    steps,
    presetSteps,
    epochs,
    settings: {
      size: [`${count(parameters)} parameters`, ...sizes(config.model.config)].join(", "),
      training:
        epochs === null
          ? `${taken}, fresh examples`
          : `${formatNumber(epochs)} epochs of ${count(examples)}: ${taken}`,
      preprocessing: pixelsText(config),
    },
  };
}

/** What a configuration says of its network's size. */
function sizes(config: JsonValue): string[] {
  if (!isJsonObject(config)) return [];
  return ["layers", "couplings", "blocks", "flows", "hidden", "widths", "components"].flatMap(
    (name) => {
      const value = config[name];
      if (Array.isArray(value)) return [`${name} ${value.join("-")}`];
      return typeof value === "number" ? [`${name} ${value}`] : [];
    },
  );
}

const pixelConfig = z.object({
  shape: z.array(z.number()),
  /** A classifier has neither. */
  pixels: z.string().optional(),
  alpha: z.number().optional(),
});

/** What is done to pixels; null of vectors. */
function pixelsText({ model, training: { augmentation } }: RunConfig): string | null {
  const { shape, alpha, pixels } = pixelConfig.parse(model.config);
  if (shape.length !== 3) return null;
  const pixelKind = pixels ?? (alpha === undefined ? "standardised" : "logit");
  const known: Record<string, string> = {
    logit: `logit, alpha = ${alpha ?? 1e-6}`,
    centre: "x/256 - 1/2",
  };
  const all = augmentation.kind === "several" ? augmentation.of : [augmentation];
  const kinds = all.map(({ kind }) => kind).filter((kind) => kind !== "none");
  return [
    shape.slice(1).join("x"),
    known[pixelKind] ?? pixelKind,
    ...(kinds.length === 0 ? [] : [`${kinds.join(", ")} augmentation`]),
  ].join(", ");
}
