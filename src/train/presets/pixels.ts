/** Mean and standard deviation of pixels, 0…255. */
export const mnistCentre = { mean: 0.1307 * 255, deviation: 0.3081 * 255 };
export const cifarCentre = { mean: 0.4734 * 255, deviation: 0.2516 * 255 };

/** Small changes of the shape that leave a digit what it is. */
export const affine = {
  kind: "affine",
  shift: 2,
  rotation: 0.2,
  scale: 0.12,
  shear: 0.15,
} as const;
