import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunConfig } from "../../src/runs/run-folder.js";
import type { JsonValue } from "../../src/json.js";
import { createModel } from "../../src/models/index.js";
import { parseTrainingConfig } from "../../src/train/config.js";

export const mainFile = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program in a folder. */
export function startProgram(
  cwd: string,
  program: string,
  args: readonly string[],
): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
  const child = spawn(program, args, { cwd, env: { ...process.env, IRESNET_DEBUG: "" } });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, ...output });
    });
  });
  return { child, finished };
}

/** Starts the command line in a folder. */
export function start(cwd: string, ...args: readonly string[]): ReturnType<typeof startProgram> {
  return startProgram(cwd, process.execPath, [mainFile, ...args]);
}

/** Runs the command line in a folder to its end. */
export function iresnet(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return start(cwd, ...args).finished;
}

export async function waitForFile(path: string): Promise<void> {
  for (let i = 0; i < 6000; i++) {
    if (existsSync(path)) return;
    await sleep(10);
  }
  throw new Error(`${path} did not appear within a minute`);
}

/** The bytes of an idx file. */
export function idx(sizes: readonly number[], byteAt: (i: number) => number): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x800 + sizes.length, 0);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  const count = sizes.reduce((product, n) => product * n, 1);
  return Buffer.concat([header, Buffer.from(Array.from({ length: count }, (_, i) => byteAt(i)))]);
}

/** Writes a set in MNIST's format: 80 + 20 images of `size` x `size`, brighter for higher classes. */
export async function writeMnist(folder: string, size: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const label = (i: number): number => (7 * i) % 10;
  for (const [part, count] of [
    ["train", 80],
    ["t10k", 20],
  ] as const) {
    const images = idx([count, size, size], (i) => {
      const noise = (Math.imul(i + 1, 2654435761) >>> 16) % 50;
      return 20 * label(Math.floor(i / size ** 2)) + noise;
    });
    await writeFile(join(folder, `${part}-images-idx3-ubyte`), images);
    await writeFile(join(folder, `${part}-labels-idx1-ubyte`), idx([count], label));
  }
}

const common = { shape: [1, 8, 8], blocks: [1], widths: [4], activation: "elu", c: 0.9 };

/** Models that train in no time. */
export const tinyModels = {
  classifier: {
    kind: "i-resnet-classifier",
    config: {
      ...common,
      classes: 10,
      squeezeFirst: true,
      channels: 6,
      centre: { mean: 100, deviation: 60 },
    },
  },
  density: { kind: "i-resnet-density", config: common },
  hybrid: { kind: "i-resnet-hybrid", config: { ...common, classes: 10, head: 8 } },
  plane: {
    kind: "i-resnet-density",
    config: { ...common, shape: [2], blocks: [2], widths: [8] },
  },
  nice: { kind: "nice", config: { shape: [1, 8, 8], couplings: 2, hidden: [8] } },
  resnet: {
    kind: "resnet",
    config: {
      shape: [1, 8, 8],
      classes: 10,
      channels: 4,
      blocks: [1, 1],
      widths: [8, 16],
      centre: { mean: 100, deviation: 60 },
    },
  },
  vanilla: {
    kind: "i-resnet-classifier",
    config: {
      ...common,
      c: null,
      blocks: [4],
      widths: [32],
      classes: 10,
      squeezeFirst: true,
      channels: 6,
      centre: { mean: 100, deviation: 60 },
    },
  },
} as const satisfies Record<string, { kind: string; config: JsonValue }>;

/** Writes the folder of a run that hasn't begun; `train --resume` begins it. */
export async function writeRun(
  path: string,
  model: keyof typeof tinyModels,
  {
    data,
    steps,
    learningRate = 0.01,
    optimizer = "adam",
  }: { data: string; steps: number; learningRate?: number; optimizer?: "adam" | "sgd" },
): Promise<void> {
  const { kind, config } = tinyModels[model];
  const run: RunConfig = {
    preset: `tiny-${model}`,
    command: "iresnet train",
    version: "0.0.0",
    data: { name: model === "plane" ? "moons" : "mnist", folder: data },
    model: { kind, config: createModel(kind, config).config },
    training: parseTrainingConfig({
      steps,
      batchSize: 8,
      optimizer: { kind: optimizer },
      schedule: { kind: "constant", learningRate },
      ema: 0.9,
    }),
    validateEvery: Math.ceil(steps / 2),
    checkpointEvery: 10,
    threads: 1,
    hardware: { cpu: "", memory: "", system: "", node: "" },
  };
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "config.json"), JSON.stringify(run));
}
