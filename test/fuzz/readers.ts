import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint/index.js";
import { openData } from "../../src/data/files.js";
import { decodePng } from "../../src/data/pictures/png.js";
import { bytesSource, openTable } from "../../src/data/readers/index.js";
import { fileSource } from "../../src/data/readers/node-source.js";
import { readTable } from "../../src/data/table.js";
import { readTar } from "../../src/data/tar.js";
import { npyBytes, npzBytes, outputArray } from "../../src/data/writers/index.js";
import { IresnetError } from "../../src/errors.js";
import { PickleDict } from "../../src/pytorch/pickle-values.js";
import { openTorchFile } from "../../src/pytorch/torch-file.js";
import { TorchTensor } from "../../src/pytorch/torch-tensor.js";
import { planSchema } from "../../src/reproduce/plan.js";
import { readJson, readRunConfig, RunFolder } from "../../src/runs/run-folder.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { ndarray } from "../../src/tree.js";
import { writeRun } from "../cli/support.js";
import { cifarBytes, idxBytes, tarBytes } from "../data/fixtures.js";
import { pngFile, pngHeaderChunk } from "../data/tables.js";
import { fixture } from "../pytorch/fixtures.js";

/** A reader, and a file that it takes. */
export interface Reader {
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => unknown;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const rows = Array.from(
  { length: 20 },
  (_, i) => `${i},${i / 7},"a ""b"" ${i}",2024-01-0${1 + (i % 9)}`,
);
const csv = `n,x,name,day\n${rows.join("\n")}\n`;
const records = rows.map((_, i) => JSON.stringify({ n: i, x: i / 7, name: `é${i}`, on: true }));
const array = outputArray("a", [6, 4], new Float32Array(24).fill(0.5));
const npy = await all(npyBytes(array));
const npz = await all(npzBytes([array]));
const parquet = new Uint8Array(
  parquetWriteBuffer({ columnData: [{ name: "x", data: rows.map((_, i) => i / 7) }] }),
);
const png = pngFile(pngHeaderChunk(8, 8), new Uint8Array(72).fill(1));
const torch = fixture("tensors.pt");
const oldTorch = fixture("tensors-legacy-2.pt");

async function all(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  for await (const part of parts) read.push(part);
  return Buffer.concat(read);
}

/** Reads every tensor of a file. */
function readTorch(bytes: Uint8Array): void {
  const file = openTorchFile(bytes, "a.pt");
  if (!(file.value instanceof PickleDict)) return;
  for (const value of file.value.entries.values()) {
    if (value instanceof TorchTensor) file.read(value);
  }
}

async function table(name: string, bytes: Uint8Array): Promise<unknown> {
  return readTable(await openTable(bytesSource(name, bytes)));
}

/** Every reader of this package; those of files write theirs to `root`. */
export async function openReaders(root: string): Promise<Readonly<Record<string, Reader>>> {
  await writeRun(join(root, "run"), "plane", { data: root, steps: 3 });
  const run = new RunFolder(join(root, "run"));

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(root, name);
    await writeFile(path, bytes);
    return path;
  }

  async function image(name: string, bytes: Uint8Array, set: "mnist" | "cifar-10"): Promise<void> {
    await file(name, bytes);
    const data = await openData(set, { folder: root });
    await data.split("test");
  }

  const labels = idxBytes(
    [10],
    Uint8Array.from({ length: 10 }, (_, i) => i),
  );
  const plan = JSON.stringify({
    reproduction: "figure-toy",
    command: "",
    budgetSeconds: 60,
    seed: 0,
    threads: 1,
    atOnce: 1,
    tasks: [
      {
        id: "moons-nice",
        steps: 3,
        presetSteps: 9,
        secondsPerStep: 0.1,
        evaluationSeconds: 1,
        workers: 1,
        checkpointEvery: 9,
      },
    ],
  });
  return {
    CSV: { bytes: text(csv), read: (bytes) => table("a.csv", bytes) },
    "gzipped CSV": { bytes: gzipSync(csv), read: (bytes) => table("a.csv.gz", bytes) },
    "CSV on a disk": {
      bytes: text(csv),
      read: async (bytes) =>
        readTable(await openTable(await fileSource(await file("a.csv", bytes)))),
    },
    "JSON lines": { bytes: text(records.join("\n")), read: (bytes) => table("a.jsonl", bytes) },
    JSON: { bytes: text(`[${records.join()}]`), read: (bytes) => table("a.json", bytes) },
    NPY: { bytes: npy, read: (bytes) => table("a.npy", bytes) },
    idx: {
      bytes: idxBytes([10, 4, 4], new Uint8Array(160).fill(3)),
      read: async (bytes) => {
        await file("t10k-labels-idx1-ubyte", labels);
        await image("t10k-images-idx3-ubyte", bytes, "mnist");
      },
    },
    "gzipped idx": {
      bytes: gzipSync(idxBytes([10, 4, 4], new Uint8Array(160).fill(3))),
      read: async (bytes) => {
        await rm(join(root, "t10k-images-idx3-ubyte"), { force: true });
        await file("t10k-labels-idx1-ubyte", labels);
        await image("t10k-images-idx3-ubyte.gz", bytes, "mnist");
      },
    },
    CIFAR: {
      bytes: cifarBytes(3, (i) => [i]),
      read: (bytes) => image("test_batch.bin", bytes, "cifar-10"),
    },
    tar: {
      bytes: tarBytes({ "a/x.bin": text("content"), "a/y.bin": new Uint8Array(600) }),
      read: (bytes) => [...readTar({ name: "a.tar", bytes })],
    },
    checkpoint: {
      bytes: encodeCheckpoint({
        format: 1,
        model: { kind: "nice", config: { shape: [2] } },
        training: { seed: 1, step: 2, elapsedSeconds: 0.5, config: {} },
        arrays: { w: ndarray([1, 2], [2]), v: ndarray([3], []) },
      }),
      read: (bytes) => decodeCheckpoint(bytes, "a"),
    },
    metrics: {
      bytes: text('{"step":1,"loss":2}\n{"step":2,"loss":null}\n'),
      read: async (bytes) => readMetrics(await file("metrics.jsonl", bytes)),
    },
    plan: {
      bytes: text(plan),
      read: async (bytes) => readJson(await file("plan.json", bytes), planSchema),
    },
    NPZ: { bytes: npz, read: (bytes) => table("a.npz", bytes) },
    Parquet: { bytes: parquet, read: (bytes) => table("a.parquet", bytes) },
    PNG: { bytes: png, read: (bytes) => decodePng("a.png", bytes) },
    "a PyTorch file": { bytes: torch, read: readTorch },
    "an old PyTorch file": { bytes: oldTorch, read: readTorch },
    "a run's configuration": {
      bytes: await readFile(run.config),
      read: async (bytes) => {
        await writeFile(run.config, bytes);
        await readRunConfig(run);
      },
    },
  };
}

/** @throws {AssertionError} if a file is neither read nor refused by an error of this package. */
export async function readOrRefuse(
  { read }: Reader,
  content: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await read(content);
  } catch (error) {
    assert.ok(error instanceof IresnetError, error instanceof Error ? error.stack : String(error));
    assert.match(error.message, /^.{1,2000}$/s);
  }
}
