import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expectOptions } from "../border/options.js";
import { DataError } from "../errors.js";
import { readError } from "../files/file-errors.js";
import { readWholeFile } from "../files/read-file.js";
import { sameShape } from "../tree.js";
import { classNames, holdOut } from "./array-data.js";
import { cifar10, cifar100, mostCifarBytes, parseCifar } from "./cifar.js";
import type { DataFile } from "./data-file.js";
import { expectSplitName, type DataSet, type Rows } from "./data-set.js";
import { idxBytes, parseIdx } from "./idx.js";
import { imageSetNames, type ImageSetName } from "./image-set-name.js";
import { findMember, layoutRemedy, mayHold } from "./layouts.js";
import { expectDataName, findSource, type OpenDataOptions } from "./registry.js";
import { tableSplit } from "./array-split.js";
import { mostBytes, unzip } from "./unzip.js";

/**
 * Opens a data set by name: an image set from its publisher's files, gzipped or not, in
 * `folder/<name>` or `folder`, or where other programs put them, such as `MNIST/raw` and
 * `cifar-10-batches-bin`; a toy density; or one that `registerDataSource` made known.
 *
 * The validation split of an image set is a tenth of the training images, at most 5,000, the same
 * ones each time; the train split is the rest of them. A part is read when it is first needed.
 *
 * @throws {DataError} if files are missing, damaged or of another set.
 * @throws {FileError} if a file cannot be read.
 * @throws {UsageError} if there is no such set, with the nearest name.
 */
export async function openData(name: string, options: OpenDataOptions = {}): Promise<DataSet> {
  expectOptions(options, ["folder"], "openData");
  expectDataName(name);
  const images = imageSetNames.find((known) => known === name);
  return images === undefined ? findSource(name)!.open(options) : openImages(images, options);
}

async function openImages(name: ImageSetName, { folder = "." }: OpenDataOptions): Promise<DataSet> {
  const parts = new Map<Part, Promise<Rows>>();
  const read = (part: Part): Promise<Rows> => {
    const rows =
      parts.get(part) ?? readers[name](part, (file, mostOf) => find(file, name, folder, mostOf));
    parts.set(part, rows);
    return rows;
  };
  // Either part tells the shape, and one may be used without the other: the smaller comes first.
  const first = await read("test").catch((damaged: unknown) =>
    read("train").catch((error: unknown) => {
      throw isMissing(damaged, name) ? error : damaged;
    }),
  );
  return {
    name,
    shape: first.x.shape.slice(1),
    pixels: true,
    classes: classNames(name === "cifar-100" ? 100 : 10),
    condition: 0,
    warnings: [],
    split: async (split) => {
      expectSplitName(split, name);
      const part = split === "test" ? "test" : "train";
      const rows = await read(part);
      const { shape } = rows.x;
      if (!sameShape(shape.slice(1), first.x.shape.slice(1))) {
        throw new DataError(
          `${name}: expected images of shape [${first.x.shape.slice(1)}] in every file, got [${shape.slice(1)}] in those to ${part} on; take all files from one set`,
        );
      }
      if (split === "test") return tableSplit(split, rows);
      return tableSplit(split, rows, holdOut(rows.x.shape[0]!)[split]);
    },
  };
}

/** Whether files aren't there at all: the only error that names their set. */
export function isMissing(error: unknown, name: string): boolean {
  return error instanceof DataError && error.details.name === name;
}

type Part = "train" | "test";
type Find = (file: string, mostOf: (start: Uint8Array) => number) => Promise<DataFile>;

const readers: Record<ImageSetName, (part: Part, find: Find) => Promise<Rows>> = {
  mnist: readIdx,
  "fashion-mnist": readIdx,
  "cifar-10": async (part, find) => {
    const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
    const names = part === "train" ? batches : ["test_batch.bin"];
    const files: DataFile[] = [];
    for (const file of names) files.push(await find(file, () => mostCifarBytes));
    return parseCifar(files, cifar10);
  },
  "cifar-100": async (part, find) =>
    parseCifar([await find(`${part}.bin`, () => mostCifarBytes)], cifar100),
};

async function readIdx(part: Part, find: Find): Promise<Rows> {
  const prefix = part === "train" ? "train" : "t10k";
  const images = await find(`${prefix}-images-idx3-ubyte`, idxBytes);
  const labels = await find(`${prefix}-labels-idx1-ubyte`, idxBytes);
  return parseIdx(images, labels, 10);
}

async function find(
  file: string,
  name: ImageSetName,
  folder: string,
  mostOf: (start: Uint8Array) => number,
): Promise<DataFile> {
  const folders = [join(folder, name), folder];
  for (const path of folders.flatMap((at) => [join(at, file), join(at, `${file}.gz`)])) {
    const bytes = await readIfThere(path);
    if (bytes) return unzip({ name: path, bytes }, mostOf);
  }
  const paths = await layoutOf(folder, name, file);
  const other = findMember(paths, name, file);
  if (other !== undefined) {
    const path = join(folder, other);
    const bytes = await readWholeFile(path, {
      expected: "a file that can be read",
      most: mostBytes,
    });
    return unzip({ name: path, bytes }, mostOf);
  }
  throw new DataError(
    `${name}: expected ${file} or ${file}.gz in ${folders.join(" or ")}, got no such file; ${layoutRemedy(paths, name)}`,
    { name },
  );
}

/** Levels of folders that a layout may have, such as `MNIST/raw/train-images-idx3-ubyte`. */
const deepest = 4;

/** Files of a folder, and of those within that may lead to a member of the set. */
async function layoutOf(
  folder: string,
  set: ImageSetName,
  member: string,
  within = "",
): Promise<string[]> {
  const at = join(folder, within);
  const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw readError(at, "a folder of data sets", error);
  });
  const files: string[] = [];
  for (const entry of entries) {
    const path = within === "" ? entry.name : `${within}/${entry.name}`;
    if (entry.isFile()) files.push(path);
    else if (
      entry.isDirectory() &&
      mayHold(entry.name, set, member) &&
      path.split("/").length < deepest
    ) {
      files.push(...(await layoutOf(folder, set, member, path)));
    }
  }
  return files;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  const expected = "a file that can be read";
  const found = await stat(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw readError(path, expected, error);
  });
  // A folder of the same name may hold the file.
  if (found === undefined || found.isDirectory()) return undefined;
  return readWholeFile(path, { expected, most: mostBytes });
}

/** Whether there is nothing of this name. */
function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}
