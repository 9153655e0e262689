import { classCondition } from "../images/index.js";
import { modelDefinitions } from "../models/index.js";
import { imagesPicture } from "../pictures/image-picture.js";
import type { AnyRunner } from "../runner/index.js";
import type { NumberArray } from "../tree.js";

/** What a picture of a runner says that it is of: "i-ResNet density on 8gaussians". */
export function modelOnData({ model, data }: Pick<AnyRunner, "model" | "data">): string {
  const { kind } = model;
  const name = modelDefinitions().find((definition) => definition.kind === kind)?.name ?? kind;
  return data ? `${name} on ${data.name}` : name;
}

/** Columns of a sheet that classes can have one each of. */
const mostColumns = 16;

/**
 * Samples of images with their model and temperature; where the classes take turns, a column for each.
 *
 * @param samples `[n, C, H, W]`, the first of the first class
 */
export function samplesPicture(
  runner: Pick<AnyRunner, "model" | "data">,
  samples: NumberArray,
  {
    temperature,
    class: label,
  }: { readonly temperature: number; readonly class?: string | undefined },
): string {
  const { condition } = classCondition(runner.data, 1, { class: label });
  const classes = condition && label === undefined ? (runner.data?.classes ?? []) : [];
  const columns = classes.length <= mostColumns ? classes : [];
  const what = label === undefined ? "" : ` of class ${label}`;
  const title = `${samples.shape[0]} samples${what}: ${modelOnData(runner)}, temperature ${temperature}`;
  return imagesPicture(title, samples, columns);
}
