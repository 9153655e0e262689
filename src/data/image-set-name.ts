import { expectOneOf } from "../border/options.js";

/** The image sets that can be downloaded and read. */
export const imageSetNames = ["mnist", "fashion-mnist", "cifar-10", "cifar-100"] as const;

export type ImageSetName = (typeof imageSetNames)[number];

/** @throws {UsageError} if there is no such set, with the nearest name. */
export function imageSetName(name: string): ImageSetName {
  return expectOneOf(name, imageSetNames, "Image set");
}
