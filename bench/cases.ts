import { gradients } from "../src/autodiff/vjp.js";
import { neumannSeries, powerSeries } from "../src/bijections/index.js";
import { compile, type Compiled, type Prepared, type Traced } from "../src/engine/compile.js";
import type { Engine, Graph, Store } from "../src/engine/engine.js";
import { UsageError } from "../src/errors.js";
import { input, mul, sub, type Tensor } from "../src/graph/index.js";
import type { JsonObject } from "../src/json.js";
import {
  convergeNorms,
  iResNetClassifier,
  iResNetDensity,
  stepOf,
  type AnyModel,
  type Classifier,
} from "../src/models/index.js";
import { Context, type LogDetEstimator } from "../src/nn/index.js";
import { Random } from "../src/random.js";
import { ndarray, type Arrays, type NDArray } from "../src/tree.js";

export interface CaseOptions {
  readonly batch: number;
  /** Sizes below the benchmark's own, for tests of equality. */
  readonly blocks?: readonly number[];
  readonly width?: number;
  readonly size?: number;
  /** How the log-determinant is differentiated, by both; ours is `neumann` at its fastest. */
  readonly gradient?: "series" | "neumann";
  /** The same for the twin, if it takes another way to the same mean. */
  readonly twinGradient?: "series" | "neumann";
}

export const learningRate = 1e-5;

/** A training step, what to feed it, and the same as a case for the PyTorch twin. */
export interface Case {
  readonly kind: "classifier" | "density";
  readonly model: AnyModel;
  readonly config: JsonObject;
  readonly logDet: LogDetEstimator | undefined;
  readonly powerIterations: number;
  readonly args: Arrays;
  readonly random: Random;
  /** How much our loss is above the twin's: ln 256 per pixel, from densities over [0, 256). */
  readonly lossOffset: number;
}

/** Hidden channels of the benchmark's own sizes: of a classifier's first stage, doubled after. */
export function defaultWidth(kind: string): number {
  return kind === "classifier" ? 32 : 64;
}

/** @throws {UsageError} if there is no such case. */
export function makeCase(kind: string, options: CaseOptions): Case {
  switch (kind) {
    case "classifier":
      return classifierCase(options);
    case "density":
      return densityCase(options);
    default:
      throw new UsageError(`bench: expected classifier or density, got ${kind}`);
  }
}

export function classifierCase({
  batch,
  blocks = [7, 7, 7],
  width = defaultWidth("classifier"),
  size = 32,
}: CaseOptions): Case & { readonly model: Classifier } {
  const random = Random.fromSeed(1);
  const shape = [3, size, size];
  const shared = { blocks, c: 0.9, classes: 10 };
  const widths = blocks.map((_, stage) => width * 2 ** stage);
  const labels = random.split("labels").integers(batch, 10);
  const y = new Float32Array(batch * 10);
  labels.forEach((label, i) => (y[i * 10 + label] = 1));
  const x = random.split("x").normal(batch * 3 * size * size);
  return {
    kind: "classifier",
    model: iResNetClassifier({
      ...shared,
      shape,
      widths,
      squeezeFirst: false,
      channels: 16,
      centre: { mean: 0, deviation: 1 },
      activation: "elu",
    }),
    config: {
      ...shared,
      channels: widths,
      inputShape: shape,
      padTo: 16,
      powerIterations: 1,
      lr: learningRate,
    },
    logDet: undefined,
    powerIterations: 1,
    args: { x: ndarray(x, [batch, ...shape]), y: ndarray(y, [batch, 10]) },
    random,
    lossOffset: 0,
  };
}

function densityCase(options: CaseOptions): Case {
  const {
    batch,
    blocks = [4, 4, 4],
    width = defaultWidth("density"),
    size = 32,
    gradient = "neumann",
    twinGradient = gradient,
  } = options;
  const random = Random.fromSeed(1);
  const shape = [3, size, size];
  const pixels = random.split("x").integers(batch * 3 * size * size, 256);
  const terms = 5;
  return {
    kind: "density",
    model: iResNetDensity({
      shape,
      blocks,
      widths: [width],
      pixels: "centre",
      activation: "elu",
      c: 0.9,
    }),
    config: {
      blocks,
      width,
      inputShape: shape,
      c: 0.9,
      powerIterations: 5,
      terms,
      gradient: twinGradient,
      lr: learningRate,
    },
    logDet: (gradient === "neumann" ? neumannSeries : powerSeries)({ terms, noise: "normal" }),
    powerIterations: 5,
    args: { x: ndarray(pixels, [batch, ...shape]) },
    random,
    lossOffset: 3 * size * size * Math.log(256),
  };
}

export interface Step {
  readonly prepared: Prepared;
  readonly store: Store;
  /** Arrays before the first step. */
  readonly arrays: Arrays;
  readonly compiled: Compiled;
}

type Traceable = Pick<Case, "model" | "logDet" | "powerIterations">;

/** Our step: power iteration, forward, backward and p ← p − lr·gradient. */
export function traceStep(
  { model, logDet, powerIterations }: Traceable,
  batch: Readonly<Record<string, Tensor>>,
  { withGradients }: { readonly withGradients: boolean },
): Traced {
  const ctx = new Context({
    phase: "train",
    powerIterations,
    step: stepOf(model),
    ...(logDet && { logDet }),
  });
  const { loss } = model.objective(batch, ctx);
  const parameters = model.scope.variables.filter(({ kind }) => kind === "parameter");
  const inParameters = gradients(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const outputs: Record<string, Tensor> = { loss };
  const updates: Record<string, Tensor> = { ...ctx.updates };
  parameters.forEach(({ name, tensor }, i) => {
    const gradient = inParameters[i]!;
    updates[name] = sub(tensor, mul(gradient, learningRate));
    if (withGradients) outputs[name] = gradient;
  });
  return { outputs, updates, noise: ctx.noises };
}

/** Our step on the engine, and what to run it with. */
export async function makeStep(
  engine: Engine,
  test: Case,
  options: { readonly withGradients: boolean },
): Promise<Step> {
  const { model, args, random } = test;
  const store = await engine.createStore(model.scope.initialArrays(random));
  await convergeNorms(engine, model, store);
  const arrays = await store.read();
  const compiled = compile(engine, (batch) => traceStep(test, batch, options));
  return { compiled, prepared: compiled.prepare(args, random), store, arrays };
}

/** Our step as it is traced: not simplified. */
export function tracedStep(test: Traceable & Pick<Case, "args">): Graph {
  const batch = Object.entries(test.args).map(([name, { shape }]) => [name, input(name, shape)]);
  const { outputs, updates = {} } = traceStep(
    test,
    Object.fromEntries(batch) as Record<string, Tensor>,
    { withGradients: false },
  );
  return { outputs, updates, guard: [] };
}

/** The variables the twin needs, under its own names and in its own shapes. */
export function twinVariables(arrays: Arrays): Arrays {
  const known = (name: string): boolean => !/initialised$|head\.norm\.(mean|variance)$/.test(name);
  const twins: Record<string, NDArray> = {};
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const column = /\.[uv]$/.test(name) && shape.length === 2;
    if (known(name)) twins[name] = { shape: column ? [...shape].reverse() : shape, data };
  }
  return twins;
}

/** The arrays the twin needs for a step. */
export function twinArrays({ kind, model }: Case, { prepared, arrays }: Step): Arrays {
  const twins: Record<string, NDArray> = twinVariables(arrays);
  if (kind === "classifier") return { ...twins, ...prepared.feeds };
  // Our first noise dequantises; the others are the probes of the blocks in order.
  const feeds = prepared.feeds;
  const uniform = feeds["noise.0"]!;
  twins.x = {
    shape: uniform.shape,
    data: feeds.x!.data.map((pixel, i) => (pixel + uniform.data[i]!) / 256 - 0.5),
  };
  model.blocks.forEach(({ path }, i) => {
    const [, stage, , block] = path.split(".");
    twins[`noise.${stage}.${block}`] = feeds[`noise.${i + 1}`]!;
  });
  return twins;
}

/** Gives the normalisations, which start as identities, something to do. */
export function moved(arrays: Arrays, random: Random): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const isMoved = /(actNorm|head\.norm)\.(logScale|scale|shift|mean|variance)$/.test(name);
      const noise = random.split(`moved ${name}`).normal(data.length);
      return [name, ndarray(isMoved ? data.map((a, i) => a + 0.1 * noise[i]!) : data, shape)];
    }),
  );
}
