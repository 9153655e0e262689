import {
  compile,
  Context,
  convergeNorms,
  Flow,
  graph,
  ndarray,
  Random,
  type Arrays,
  type Compiled,
  type Density,
  type Engine,
  type NDArray,
  type Store,
} from "iresnet";
import { planeLogDet } from "./determinant.js";
import {
  cellCentres,
  gridPoints,
  linesOf,
  spread,
  view,
  type ForwardPicture,
  type InversePicture,
} from "./picture.js";

const side = 56;
const drawn = 1000;
/** Enough for a picture: a block's step relative to 1 + |y|₂. */
const limits = { steps: 80, tolerance: 1e-4 } as const;

/** A density of the plane, and numbers for it that may change, ready to be drawn. */
export class PlaneView {
  readonly #engine: Engine;
  readonly #model: Density;
  readonly #store: Store;
  readonly #score: Compiled;
  readonly #inverse: Compiled;
  readonly #grid: Float32Array;
  #heldOut: Float32Array;
  #latents: Float32Array | undefined;

  private constructor(engine: Engine, model: Density, store: Store, heldOut: Float32Array) {
    const flow = new Flow(model.density.base, model.bijection);
    this.#engine = engine;
    this.#model = model;
    this.#store = store;
    this.#heldOut = heldOut;
    this.#grid = gridPoints([0, 0], [view[1], view[1]]);
    this.#score = compile(engine, ({ x }) => {
      const { logProb, z } = flow.score(x!, new Context({ phase: "infer", logDet: planeLogDet }));
      return { outputs: { logProb, z } };
    });
    this.#inverse = compile(engine, ({ grid }) => {
      const ctx = new Context({ phase: "infer", inverse: () => limits });
      const z = graph.concat([flow.base.sample(drawn, 1, ctx), grid!], 0);
      const { value: x, checks } = flow.bijection.inverse(z, ctx);
      const residual = checks.map((check) => check.residual);
      return {
        outputs: { x, residual: residual.reduce((a, b) => graph.maximum(a, b)) },
        noise: ctx.noises,
      };
    });
  }

  /** @param heldOut points x, y, x, y, … whose log p tells how good the density is */
  static async open(
    engine: Engine,
    model: Density,
    arrays: Arrays,
    heldOut: Float32Array,
  ): Promise<PlaneView> {
    return new PlaneView(engine, model, await engine.createStore(arrays), heldOut);
  }

  /** Takes other numbers, such as a step of training made of them. */
  load(arrays: Arrays): Promise<void> {
    return this.#store.write(arrays);
  }

  /** Lets the norms settle, so that they are what the model promises; training lags a little behind. */
  async settle(): Promise<void> {
    await convergeNorms(this.#engine, this.#model, this.#store);
  }

  async forward(): Promise<ForwardPicture> {
    const parts = [cellCentres(side), this.#grid, this.#heldOut];
    const { logProb, z } = await this.#score.call({ x: pointsOf(parts) }, { store: this.#store });
    const cells = side ** 2;
    const points = cells + this.#grid.length / 2;
    const latents = Float32Array.from(z!.data.subarray(2 * points));
    this.#latents = latents;
    const scores = logProb!.data.subarray(points);
    return {
      density: { side, values: logProb!.data.slice(0, cells), bounds: view },
      warped: linesOf(Float32Array.from(z!.data.subarray(2 * cells, 2 * points))),
      latents,
      heldOut: -scores.reduce((sum, value) => sum + value, 0) / scores.length,
    };
  }

  /** Of the numbers that {@link PlaneView.forward} last drew: its grid is about their latents. */
  async inverse(): Promise<InversePicture> {
    const { mean, deviation } = spread(this.#latents ?? this.#heldOut);
    const grid = gridPoints(mean, [3 * deviation[0], 3 * deviation[1]]);
    const { x, residual } = await this.#inverse.call(
      { grid: pointsOf([grid]) },
      { store: this.#store, random: Random.fromSeed(0).split("samples") },
    );
    const failed = residual!.data.filter((value) => !(value <= 10 * limits.tolerance)).length;
    return {
      samples: Float32Array.from(x!.data.subarray(0, 2 * drawn)),
      warped: linesOf(Float32Array.from(x!.data.subarray(2 * drawn))),
      failed: failed / residual!.data.length,
    };
  }

  async close(): Promise<void> {
    await this.#score.close();
    await this.#inverse.close();
    await this.#store.close();
  }
}

function pointsOf(parts: readonly Float32Array[]): NDArray {
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return ndarray(data, [data.length / 2, 2]);
}
