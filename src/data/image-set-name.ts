import { UsageError } from "../errors.js";

/** The image sets that can be downloaded and read. */
export const imageSetNames = ["mnist", "fashion-mnist", "cifar-10", "cifar-100"] as const;

export type ImageSetName = (typeof imageSetNames)[number];

/** @throws {UsageError} if there is no such set. */
export function imageSetName(name: string): ImageSetName {
  const found = imageSetNames.find((known) => known === name);
  if (found) return found;
  throw new UsageError(
    `Image set: expected one of ${imageSetNames.join(", ")}, got "${name}"; choose one of these`,
  );
}
