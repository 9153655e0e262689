import type { Page } from "../page.js";
import type { Grid } from "../parts/layers.js";
import type { BoundMeasured } from "../work/bounds.js";
import type { ShippedBound } from "../work/shipped.js";

/** The shipped densities, as a list to choose from. */
export const boundNames: Readonly<Record<ShippedBound, string>> = {
  "0.5": "c = 0.5",
  "0.7": "c = 0.7",
  "0.9": "c = 0.9",
  "0.97": "c = 0.97",
  "1.2": "c = 1.2, past 1",
  "1.5": "c = 1.5, past 1",
  none: "no bound",
};

/** log p of a shipped density on a grid, as it was drawn beforehand. */
export async function densityOf(page: Page, bound: ShippedBound): Promise<Grid> {
  const all = (await page.drawn("bounds")) as readonly BoundMeasured[];
  const c = bound === "none" ? null : Number(bound);
  return all.find((one) => one.c === c)!.density;
}
