import { bitsPerDim, ndarray, openRunner, Random, type NDArray, type Runner } from "iresnet";
import type { Bench } from "./bench.js";
import { side } from "./digit-image.js";
import { once } from "./once.js";

/** The trained networks: copies of the repository's `pretrained/`. */
const files = {
  bounded: "pretrained/mnist-classifier.safetensors",
  vanilla: "pretrained/mnist-vanilla.safetensors",
  density: "pretrained/mnist-density.safetensors",
} as const;

type Network = keyof typeof files;

/** Gray levels of an image, row by row. */
export type Pixels = Uint8ClampedArray;

/** An image that was mapped to features and back. */
export interface Returned {
  readonly pixels: Pixels;
  /** The largest error of a pixel, in gray levels; infinite if a number is lost. */
  readonly error: number;
  /** What the worst block's iteration left, relative to 1 + |y|. */
  readonly residual: number;
  /** The largest bound on a block's Lipschitz constant, an estimate. */
  readonly lipschitz: number;
}

export interface DigitScore {
  readonly bitsPerDim: number;
  /** Of the repetitions with other noise. */
  readonly standardError: number;
  readonly probes: number;
}

export interface DigitWork {
  /** Probability of each digit. */
  classify(pixels: Pixels): Promise<number[]>;
  /** Through a classifier's features and back. */
  thereAndBack(network: "bounded" | "vanilla", pixels: Pixels): Promise<Returned>;
  score(pixels: Pixels): Promise<DigitScore>;
  /** An image between two in the density's latent space, at `t` of the way. */
  between(from: Pixels, to: Pixels, t: number): Promise<Pixels>;
  /** The same draws for any temperature. */
  sample(count: number, temperature: number): Promise<Pixels[]>;
}

const probes = 2;
const pixelCount = side * side;

/** What the section on MNIST computes. */
export function open(bench: Bench): DigitWork {
  const opened = new Map<Network, Promise<Runner>>();
  const runnerOf = (network: Network): Promise<Runner> =>
    once(opened, network, () => openNetwork(bench, files[network]));
  return {
    classify: async (pixels) => [
      ...(await (await runnerOf("bounded")).predict(asRow(pixels))).data,
    ],
    thereAndBack: async (network, pixels) => {
      const runner = await runnerOf(network);
      const x = asRow(pixels);
      const back = await runner.attemptInverse(await runner.forward(x));
      const errors = back.x.data.map((value, i) => Math.abs(value - pixels[i]!));
      return {
        pixels: imagesOf(back.x)[0]!,
        error: largest(errors),
        residual: largest(back.checks.map(({ residual }) => residual)),
        lipschitz: largest(Object.values(runner.lipschitz)),
      };
    },
    score: async (pixels) => {
      const runner = await runnerOf("density");
      const random = Random.fromSeed(0).split("digit");
      const { logProb, standardError } = await runner.score(asRow(pixels), { random, probes });
      return {
        bitsPerDim: bitsPerDim(logProb.data[0]!, pixelCount),
        standardError: -bitsPerDim(standardError!.data[0]!, pixelCount),
        probes,
      };
    },
    between: async (from, to, t) => {
      const runner = await runnerOf("density");
      const [a, b] = [await runner.forward(asRow(from)), await runner.forward(asRow(to))];
      const z = { shape: a.shape, data: onArc(a.data, b.data, t) };
      return imagesOf(await runner.inverse(z))[0]!;
    },
    sample: async (count, temperature) => {
      const random = Random.fromSeed(1).split("digits");
      const runner = await runnerOf("density");
      return imagesOf(await runner.sample(count, { random, temperature }));
    },
  };
}

async function openNetwork(bench: Bench, file: string): Promise<Runner> {
  const [bytes, engine] = await Promise.all([bench.asset(file), bench.engine("images")]);
  return openRunner(bytes, { engine });
}

function asRow(pixels: Pixels): NDArray {
  return ndarray(Array.from(pixels), [1, 1, side, side]);
}

/** Whole gray levels; what is no number is black. */
function imagesOf({ data }: NDArray<Float64Array>): Pixels[] {
  return Array.from({ length: data.length / pixelCount }, (_, i) =>
    Uint8ClampedArray.from(data.subarray(i * pixelCount, (i + 1) * pixelCount)),
  );
}

/** NaN counts as infinite. */
function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce(
    (most, value) => Math.max(most, Number.isNaN(value) ? Infinity : value),
    0,
  );
}

/**
 * A point on the arc from a to b. The straight line would pass nearer to 0 than draws of a Gaussian in
 * 784 dimensions ever are.
 */
function onArc(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const dot = (u: Float32Array, v: Float32Array): number =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (angle < 1e-6) return a;
  const [p, q] = [1 - t, t].map((part) => Math.sin(part * angle) / Math.sin(angle));
  return a.map((value, i) => p! * value + q! * b[i]!);
}
