// Trains the checkpoints that the page ships. Usage:
//   npm run build && tsc -p scripts/site && node build/scripts/site/checkpoints.js [NAME...]
import {
  encodeCheckpoint,
  fit,
  inferenceArrays,
  iResNetDensity,
  toyData,
  type TrainingOptions,
} from "iresnet";
import { nodeEngine } from "iresnet/node";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../site/checkpoints", import.meta.url));

type Config = Parameters<typeof iResNetDensity>[0];

interface Recipe {
  readonly data: string;
  readonly model: Config;
  readonly training: TrainingOptions;
}

const shared = {
  optimizer: { kind: "adam", beta2: 0.99 },
  clip: 5,
  seed: 0,
} as const;

/** What the playground shows at first. */
const moons: Recipe = {
  data: "moons",
  model: { shape: [2], blocks: [8], widths: [32, 32], activation: "sine", c: 0.97 },
  training: {
    ...shared,
    steps: 600,
    batchSize: 256,
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 50 },
    logDet: { kind: "exact" },
  },
};

/** One density with one bound: the series of five terms, as in the paper, so that all learn alike. */
function bounded(c: Config["c"]): Recipe {
  return {
    data: "8gaussians",
    model: { shape: [2], blocks: [8], widths: [32], activation: "sine", c },
    training: {
      ...shared,
      steps: 600,
      batchSize: 128,
      schedule: { kind: "cosine", learningRate: 0.01, warmup: 50 },
      logDet: { kind: "neumann", terms: 5 },
    },
  };
}

const free = (norm: number): Config["c"] => ({ norm, invertible: false });

const recipes: Readonly<Record<string, Recipe>> = {
  moons,
  ...Object.fromEntries([0.5, 0.7, 0.9, 0.97].map((c) => [`bound-${c}`, bounded(c)])),
  ...Object.fromEntries([1.2, 1.5].map((c) => [`bound-${c}`, bounded(free(c))])),
  "bound-none": bounded(null),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(recipes, name));
if (unknown !== undefined) {
  process.stderr.write(
    `checkpoints: expected names of ${Object.keys(recipes).join(", ")}, got ${unknown}\n`,
  );
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const engine = await nodeEngine({ threads: 1 });
for (const name of asked.length > 0 ? asked : Object.keys(recipes)) {
  const { data, model, training } = recipes[name]!;
  let loss = NaN;
  const start = performance.now();
  const checkpoint = await fit(iResNetDensity(model), toyData(data), training, {
    engine,
    onReport: (report) => {
      loss = report.loss;
      return Promise.resolve();
    },
  });
  const arrays = inferenceArrays(checkpoint.arrays);
  const path = join(folder, name);
  await writeFile(`${path}.safetensors`, encodeCheckpoint({ ...checkpoint, arrays }));
  const description = {
    command: `node build/scripts/site/checkpoints.js ${name}`,
    data,
    model,
    training,
    /** Mean over the last 100 steps, in nats, as the estimator of training has it. */
    loss,
  };
  await writeFile(`${path}.json`, `${JSON.stringify(description, null, 2)}\n`);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  process.stdout.write(`${name}: ${loss.toFixed(3)} nats, ${seconds} s\n`);
}
await engine.close();
