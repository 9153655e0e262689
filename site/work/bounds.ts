import {
  compile,
  Context,
  convergeNorms,
  fit,
  Flow,
  graph,
  inferenceArrays,
  iResNetDensity,
  ndarray,
  powerSeries,
  Random,
  toyData,
  type Arrays,
  type Density,
  type Engine,
} from "iresnet";
import type { Bench } from "./bench.js";
import { planeLogDet } from "./determinant.js";
import type { Grid } from "../parts/layers.js";
import type { Vector } from "./anderson.js";
import { spread } from "./picture.js";
import { heldOut } from "./plane-data.js";
import { PlaneView } from "./plane-view.js";
import { certify } from "./plane-chain.js";
import { openShipped, type ShippedBound } from "./shipped.js";

/** The recipe of the shipped densities: see scripts/site/checkpoints.ts. */
const source = "8gaussians";
const retrainSteps = 600;
const seriesTerms = 5;

/** What a bound on the norms makes of a density. */
export interface BoundMeasured {
  /** Bound c on each layer; null for none. */
  readonly c: number | null;
  /** Mean of −log p over held-out points, in nats, by the determinants themselves. */
  readonly exact: number;
  /** The same by the series of five terms that it was trained with. */
  readonly series: number;
  /** The largest certified bound on Lip(g) of a block. */
  readonly lipschitz: number;
  /** Shares of held-out points that f⁻¹(f(x)) misses by more than 0.001. */
  readonly missed: number;
  /** The median of |f⁻¹(f(x)) − x|₂ over them. */
  readonly medianError: number;
  /** Of p over the square that is shown: nearly 1, if it is a density. */
  readonly integral: number;
  readonly density: Grid;
  /** A regular grid of the data's plane, mapped to the latent one. */
  readonly warped: readonly ArrayLike<number>[];
  /** Of held-out points in the latent plane. */
  readonly latents: { readonly mean: Vector; readonly deviation: Vector };
}

export interface Bounds {
  measure(bound: ShippedBound): Promise<BoundMeasured>;
  /** Trains one with another bound, null for none, as the shipped ones were; tells the share that is done. */
  retrain(c: number | null, told: (share: number) => void): Promise<BoundMeasured>;
  /** Ends what is being retrained, whose promise is rejected. */
  cancel(): void;
}

export function open(bench: Bench): Bounds {
  let running: AbortController | undefined;
  return {
    measure: async (bound) => {
      const { model, arrays } = await openShipped(bench, `bound-${bound}`);
      return measure(await bench.engine(), model, arrays, bound === "none" ? null : Number(bound));
    },
    retrain: async (c, told) => {
      running?.abort();
      const { signal } = (running = new AbortController());
      const engine = await bench.engine();
      const norm = c === null || c < 0.998 ? c : ({ norm: c, invertible: false } as const);
      const model = iResNetDensity({
        shape: [2],
        blocks: [8],
        widths: [32],
        activation: "sine",
        c: norm,
      });
      const checkpoint = await fit(
        model,
        toyData(source),
        {
          seed: 0,
          steps: retrainSteps,
          batchSize: 128,
          optimizer: { kind: "adam", beta2: 0.99 },
          schedule: { kind: "cosine", learningRate: 0.01, warmup: 50 },
          clip: 5,
          logDet: { kind: "neumann", terms: seriesTerms },
        },
        {
          engine,
          signal,
          onProgress: ({ step }) => {
            if (step % 20 === 0) told(step / retrainSteps);
          },
        },
      );
      signal.throwIfAborted();
      return measure(engine, model, inferenceArrays(checkpoint.arrays), c);
    },
    cancel: () => running?.abort(),
  };
}

async function measure(
  engine: Engine,
  model: Density,
  arrays: Arrays,
  c: number | null,
): Promise<BoundMeasured> {
  const points = await heldOut(source, []);
  const view = await PlaneView.open(engine, model, arrays, points);
  const numbers = await measureNumbers(engine, model, arrays, points);
  try {
    await view.settle();
    const forward = await view.forward();
    const { values, side, bounds } = forward.density;
    const cell = ((bounds[1] - bounds[0]) / side) ** 2;
    const integral = Array.from(values).reduce((sum, value) => sum + Math.exp(value) * cell, 0);
    const { density, warped } = forward;
    return { c, ...numbers, integral, density, warped, latents: spread(forward.latents) };
  } finally {
    await view.close();
  }
}

async function measureNumbers(
  engine: Engine,
  model: Density,
  arrays: Arrays,
  points: Float32Array,
): Promise<Pick<BoundMeasured, "exact" | "series" | "lipschitz" | "missed" | "medianError">> {
  const store = await engine.createStore(arrays);
  const flow = new Flow(model.density.base, model.bijection);
  const compiled = compile(engine, ({ x }) => {
    const context = (logDet = planeLogDet): Context =>
      new Context({ phase: "infer", logDet, inverse: () => ({ steps: 200, tolerance: 1e-7 }) });
    const noisy = context(powerSeries({ terms: seriesTerms, probes: 4 }));
    const { logProb: exact, z } = flow.score(x!, context());
    const { logProb: series } = flow.score(x!, noisy);
    const back = model.bijection.inverse(z, context()).value;
    const error = graph.sqrt(graph.sumEvent(graph.square(graph.sub(back, x!))));
    return { outputs: { exact, series, error }, noise: noisy.noises };
  });
  try {
    await convergeNorms(engine, model, store);
    const lipschitz = Math.max(...Object.values(await certify(engine, model, store)));
    const { exact, series, error } = await compiled.call(
      { x: ndarray(points, [points.length / 2, 2]) },
      { store, random: Random.fromSeed(0).split("series") },
    );
    const meanOf = ({ data }: { readonly data: Float32Array }): number =>
      -data.reduce((sum, value) => sum + value, 0) / data.length;
    const sorted = Array.from(error!.data, (e) => (Number.isNaN(e) ? Infinity : e)).sort(
      (a, b) => a - b,
    );
    return {
      exact: meanOf(exact!),
      series: meanOf(series!),
      lipschitz,
      missed: sorted.filter((e) => e > 1e-3).length / sorted.length,
      medianError: sorted[Math.floor(sorted.length / 2)]!,
    };
  } finally {
    await compiled.close();
    await store.close();
  }
}
