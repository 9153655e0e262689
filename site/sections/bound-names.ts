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
