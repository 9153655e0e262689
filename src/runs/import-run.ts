import { expectKind } from "../border/kinds.js";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { dataNames, expectDataName } from "../data/index.js";
import { UsageError } from "../errors.js";
import { readError } from "../files/file-errors.js";
import { createModel, type AnyModel } from "../models/index.js";
import { importPyTorch, type ImportOptions } from "../pytorch/import-pytorch.js";
import { version } from "../version.js";
import { hardware } from "./configuration.js";
import { createRun, expectNoRun } from "./run-folder.js";

export interface ImportRunOptions extends Omit<ImportOptions, "where"> {
  /** A file of `torch.save`. */
  readonly file: string;
  /** Folder of a run to make, or a `.safetensors` file. */
  readonly out: string;
  /** The command that makes it. */
  readonly command?: string;
  /** Name of the data that the run is measured on; by the shape of images unless given. */
  readonly data?: string;
  /** Folder of the data sets; `data` unless given. */
  readonly dataDir?: string;
}

export interface ImportedRun {
  /** The folder or file. */
  readonly path: string;
  readonly kind: string;
  /** Deviations from the original and assumptions, a sentence each. */
  readonly differences: readonly string[];
}

/**
 * Brings weights of the papers' own code into a run, or into a checkpoint file alone, see
 * {@link importPyTorch}. Nothing in their file is executed, and nothing is written before all of it
 * is understood.
 *
 * @throws {FileError} if the file is missing, or the result can't be written.
 * @throws {CheckpointError} if the file is damaged, executes something, or holds a model that ours
 * has no match for.
 * @throws {UsageError} if the output exists, or an option is unknown, missing or contradicts the file.
 */
export async function importRun(given: ImportRunOptions): Promise<ImportedRun> {
  expectKind(given, "object", "importRun");
  const { file, out, command = "", data, dataDir, ...options } = given;
  expectKind(file, "path", "importRun: file");
  expectKind(out, "path", "importRun: out");
  const isFile = out.endsWith(".safetensors");
  if (isFile && (data ?? dataDir) !== undefined) {
    throw new UsageError(
      `${out}: expected the folder of a run beside --data and --data-dir, got a file of weights alone; leave them out`,
    );
  }
  if (!isFile) expectNoRun(out);
  else if (existsSync(out)) {
    throw new UsageError(`${out}: expected no such file, got one; choose another name`);
  }
  const bytes = await readFile(file).catch((error: unknown) => {
    throw readError(file, "a file of torch.save", error);
  });
  const { model, arrays, differences } = importPyTorch(bytes, { ...options, where: file });
  const checkpoint: Checkpoint = { format: 1, model, arrays };
  if (isFile) await saveCheckpoint(out, checkpoint);
  else {
    const name = data ?? dataOf(createModel(model.kind, model.config));
    const folder = await createRun(out, {
      preset: "imported",
      command,
      version,
      data: { name: expectDataName(name, "data"), folder: resolve(dataDir ?? "data") },
      model,
      imported: { file: resolve(file), from: options.from, differences: [...differences] },
      threads: availableParallelism(),
      hardware: hardware(),
    });
    await saveCheckpoint(folder.checkpoint, checkpoint);
  }
  return { path: out, kind: model.kind, differences };
}

/** The published data of a model's shape and classes. */
function dataOf({ shape, batch: { y } }: AnyModel): string {
  const name = {
    "1,28,28": "mnist",
    "3,32,32": y?.[0] === 100 ? "cifar-100" : "cifar-10",
  }[String(shape)];
  if (name !== undefined) return name;
  throw new UsageError(
    `data: expected the name of the data that a model of shape [${shape}] is measured on, got none; name one of ${dataNames().join(", ")}, or write a .safetensors file`,
  );
}
