import { decodeCheckpoint, openCheckpoint, type Arrays, type Density } from "iresnet";
import type { Bench } from "./bench.js";

/** Densities of eight Gaussians that the page ships, by the bound c on each layer of theirs. */
export const shippedBounds = ["0.5", "0.7", "0.9", "0.97", "1.2", "1.5", "none"] as const;

export type ShippedBound = (typeof shippedBounds)[number];

/** @throws {Error} if the server hasn't the file. */
export async function openShipped(
  bench: Bench,
  name: string,
): Promise<{ readonly model: Density; readonly arrays: Arrays }> {
  const path = `checkpoints/${name}.safetensors`;
  const { model, arrays } = openCheckpoint(decodeCheckpoint(await bench.asset(path), path), path);
  return { model: model as Density, arrays };
}
