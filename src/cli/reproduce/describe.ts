import { isJsonObject, type JsonValue } from "../../json.js";
import { sizeOf } from "../../tree.js";
import { formatNumber } from "../terminal.js";
import type { Prepared } from "../training.js";
import type { RowResult } from "./result.js";

/** What a run is, in the words that a table compares. */
export function describeRun(
  { config, model, source }: Prepared,
  presetSteps: number,
): Pick<RowResult, "steps" | "presetSteps" | "epochs" | "settings"> {
  const { steps, batchSize, optimizer, augmentation } = config.training;
  const parameters = model.scope.variables
    .filter(({ kind }) => kind === "parameter")
    .reduce((total, { tensor }) => total + sizeOf(tensor.shape), 0);
  const epochs = Number.isFinite(source.count) ? (steps * batchSize) / source.count : null;
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
          : `${formatNumber(epochs)} epochs of ${count(source.count)}: ${taken}`,
      preprocessing: [
        pixelsText(config.model.config),
        ...(augmentation.kind === "none" ? [] : [`${augmentation.kind} augmentation`]),
      ].join(", "),
    },
  };
}

function sizes(config: JsonValue): string[] {
  if (!isJsonObject(config)) return [];
  return ["blocks", "widths"].flatMap((name) => {
    const value = config[name];
    return Array.isArray(value) ? [`${name} ${value.join("-")}`] : [];
  });
}

function pixelsText(config: JsonValue): string {
  if (!isJsonObject(config)) return "none";
  const shape = Array.isArray(config.shape) ? config.shape : [];
  if (shape.length !== 3) return "none";
  const size = shape.slice(1).join("x");
  if (config.pixels === "logit") return `${size}, logit, alpha = 1e-6`;
  if (config.pixels === "centre") return `${size}, x/256 - 1/2`;
  return `${size}, standardised`;
}
