import {
  fit,
  inferenceArrays,
  iResNetDensity,
  ndarray,
  openModel,
  Random,
  toyBatches,
  vectorBatches,
  type Arrays,
  type BatchSource,
  type Checkpoint,
  type Density,
  type Engine,
  type NDArray,
  type NumberArray,
  type TrainingOptions,
} from "../../src/index.js";

/** Two flows small enough to train anywhere, a page included. */
export type SmallFlow = "plane" | "image";

/** What a device made of a flow; comparable between devices. */
export interface Trained {
  readonly losses: readonly number[];
  readonly checkpoint: Checkpoint;
  /** What of it was learned. */
  readonly parameters: Arrays;
  /** Of those after the first. */
  readonly stepsPerSecond: number;
}

const random = Random.fromSeed(11);
const batchSize = 16;

function setUp(name: SmallFlow): {
  readonly model: Density;
  readonly source: BatchSource;
  readonly training: TrainingOptions;
} {
  const common = { batchSize, initialExamples: 64, clip: 5, ema: 0.5 };
  if (name === "plane") {
    return {
      model: iResNetDensity({ shape: [2], blocks: [2], widths: [16], c: 0.7 }),
      source: toyBatches("moons", { batchSize, random }),
      training: {
        ...common,
        steps: 10,
        schedule: { kind: "cosine", learningRate: 0.02 },
        logDet: { kind: "exact" },
      },
    };
  }
  const count = 64;
  const x = random.split("pixels").uniform(count * 64);
  const images = ndarray(
    x.map((u, i) => Math.floor(u * (i % 8 < 4 ? 255 : 60))),
    [count, 1, 8, 8],
  );
  return {
    model: iResNetDensity({ shape: [1, 8, 8], blocks: [1, 1], widths: [8], c: 0.7 }),
    source: vectorBatches({ x: images }, { batchSize, random }),
    training: {
      ...common,
      steps: 10,
      schedule: { kind: "cosine", learningRate: 0.01 },
      logDet: { kind: "neumann" },
    },
  };
}

export interface Part {
  /** Where to go on; from the beginning unless given. */
  readonly resume?: Checkpoint;
  /** The step to stop after; 10 unless given. */
  readonly until?: number;
}

/** Trains for ten steps, or for some of them. */
export async function trainSmall(
  engine: Engine,
  name: SmallFlow,
  { resume, until = 10 }: Part = {},
): Promise<Trained> {
  const { model, source, training } = setUp(name);
  const stop = new AbortController();
  const losses: number[] = [];
  const times: number[] = [];
  const checkpoint = await fit(model, source, training, {
    engine,
    signal: stop.signal,
    ...(resume && { resume }),
    onProgress: ({ step, loss }) => {
      losses.push(loss);
      times.push(performance.now());
      if (step === until) stop.abort();
    },
  });
  const learned = model.scope.variables.filter(({ kind }) => kind === "parameter");
  return {
    losses,
    checkpoint,
    parameters: Object.fromEntries(learned.map(({ name }) => [name, checkpoint.arrays[name]!])),
    stepsPerSecond: (1000 * (times.length - 1)) / (times.at(-1)! - times[0]!),
  };
}

/** Scores, maps there and back, and samples, with a flow's arrays. */
export async function useSmall(engine: Engine, name: SmallFlow, arrays: Arrays): Promise<Arrays> {
  const { model, source } = setUp(name);
  const flow = await openModel(model, inferenceArrays(arrays), { engine });
  const x = source.examples(8).x!;
  const latent = await flow.forward(x);
  const results = {
    logProb: (await flow.score(x, { random, logDet: "estimate", terms: 5 })).logProb,
    latent,
    inverse: rounded(await flow.inverse(latent)),
    samples: rounded(await flow.sample(8, { random })),
  };
  await flow.close();
  return results;
}

const rounded = ({ shape, data }: NumberArray): NDArray => ndarray(Float32Array.from(data), shape);

/** The largest difference between arrays, relative to 1 plus the larger size. */
export function largestDifference(a: Arrays, b: Arrays): { name: string; difference: number } {
  const missing = Object.keys({ ...a, ...b }).find((name) => !a[name] || !b[name]);
  if (missing !== undefined) throw new Error(`expected ${missing} in both`);
  let largest = { name: "", difference: 0 };
  for (const [name, { data }] of Object.entries(a)) {
    const other = b[name]!.data;
    if (other.length !== data.length)
      throw new Error(`expected ${name} to be equally long in both`);
    const difference = data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - other[i]!) / (1 + Math.abs(value))),
      0,
    );
    // What is no number is larger than any.
    if (Number.isNaN(difference)) return { name, difference };
    if (difference > largest.difference) largest = { name, difference };
  }
  return largest;
}
