import { auroc, complexityScore, mean, pngBits } from "../measure/index.js";
import { bitsPerDim } from "../models/index.js";
import type { AnyRunner } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import type { OodResult } from "./ood-result.js";

/** What is known of images. */
export interface Scored {
  /** In nats. */
  readonly logProb: Float64Array;
  readonly pngBits: Float64Array;
}

/** Images that are scored at once. */
const chunk = 100;

/** @returns nothing if the signal ended it. */
export async function scoreImages(
  runner: AnyRunner,
  { shape, data }: NumberArray,
  {
    signal,
    onProgress,
  }: {
    readonly signal: AbortSignal;
    readonly onProgress: (done: number, total: number) => void;
  },
): Promise<Scored | undefined> {
  const [count = 0, ...event] = shape;
  const size = data.length / count;
  const pixels = Uint8Array.from(data);
  const logProb = new Float64Array(count);
  for (let first = 0; first < count; first += chunk) {
    if (signal.aborted) return undefined;
    const end = Math.min(count, first + chunk);
    const part = pixels.subarray(first * size, end * size);
    const scores = await runner.score({ shape: [end - first, ...event], data: part }, { first });
    logProb.set(scores.logProb.data, first);
    onProgress(end, count);
  }
  return { logProb, pngBits: pngBits({ shape, data: pixels }) };
}

export function aurocs(
  own: Scored,
  others: Scored,
  entropy: number,
): OodResult["outliers"][number]["auroc"] {
  const area = (of: (scored: Scored) => Float64Array): number => {
    const [normal, odd] = [of(own), of(others)];
    const isOutlier = [...normal.map(() => 0), ...odd.map(() => 1)].map(Boolean);
    return auroc([...normal, ...odd], isOutlier);
  };
  return {
    complexity: area((scored) => complexityScore(scored.logProb, scored.pngBits)),
    likelihood: area(({ logProb }) => logProb.map((nats) => -nats)),
    typicality: area(({ logProb }) => logProb.map((nats) => Math.abs(-nats - entropy))),
  };
}

export function summaryOf(
  { logProb, pngBits: bits }: Scored,
  { model: { dimensions } }: AnyRunner,
): Pick<OodResult, "images" | "bitsPerDim" | "pngBitsPerDim"> {
  return {
    images: logProb.length,
    bitsPerDim: bitsPerDim(mean(logProb), dimensions),
    pngBitsPerDim: mean(bits) / dimensions,
  };
}
