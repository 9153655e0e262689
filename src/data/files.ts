import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gunzip } from "node:zlib";
import { DataError } from "../errors.js";
import { readError } from "../files/file-errors.js";
import { Random } from "../random.js";
import { cifar10, cifar100, parseCifar } from "./cifar.js";
import { parseIdx } from "./idx.js";
import { imageSetName, type ImageSetName } from "./image-set-name.js";
import { subset, type DataFile, type ImageSet } from "./images.js";

/** The images to train on, those to choose options by, those to report on. */
export type Split = "train" | "validation" | "test";

/**
 * Reads a split of an image set from its publisher's files, gzipped or not, in `folder/<name>` or
 * `folder`.
 *
 * The validation split is a tenth of the training images, at most 5,000, the same ones each time;
 * the train split is the rest of them.
 *
 * @throws {DataError} if a file is missing, damaged or of another set.
 * @throws {FileError} if a file cannot be read.
 * @throws {UsageError} if there is no such set.
 */
export async function loadSplit(name: string, folder: string, split: Split): Promise<ImageSet> {
  const known = imageSetName(name);
  const part = split === "test" ? "test" : "train";
  const set = await readers[known](part, (file) => find(file, known, folder));
  if (split === "test") return set;
  const order = Random.fromSeed(0).split("validation").permutation(set.count);
  const held = Math.min(5000, Math.floor(set.count / 10));
  const chosen = split === "validation" ? order.subarray(0, held) : order.subarray(held);
  return subset(set, chosen.sort());
}

type Part = "train" | "test";
type Find = (file: string) => Promise<DataFile>;

const readers: Record<ImageSetName, (part: Part, find: Find) => Promise<ImageSet>> = {
  mnist: readIdx,
  "fashion-mnist": readIdx,
  "cifar-10": async (part, find) => {
    const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
    const names = part === "train" ? batches : ["test_batch.bin"];
    const files: DataFile[] = [];
    for (const file of names) files.push(await find(file));
    return parseCifar(files, cifar10);
  },
  "cifar-100": async (part, find) => parseCifar([await find(`${part}.bin`)], cifar100),
};

async function readIdx(part: Part, find: Find): Promise<ImageSet> {
  const prefix = part === "train" ? "train" : "t10k";
  const images = await find(`${prefix}-images-idx3-ubyte`);
  const labels = await find(`${prefix}-labels-idx1-ubyte`);
  return parseIdx(images, labels, 10);
}

async function find(file: string, name: ImageSetName, folder: string): Promise<DataFile> {
  const folders = [join(folder, name), folder];
  for (const path of folders.flatMap((at) => [join(at, file), join(at, `${file}.gz`)])) {
    const bytes = await readIfThere(path);
    if (bytes) return unzip({ name: path, bytes });
  }
  throw new DataError(
    `${name}: expected ${file} or ${file}.gz in ${folders.join(" or ")}, got no such file; ` +
      `get it with: iresnet data get ${name}`,
  );
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return bytesOf(await readFile(path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw readError(path, "a file that can be read", error);
  }
}

/** Unzips a file that starts as gzip does, which none of the formats read here do. */
async function unzip({ name, bytes }: DataFile): Promise<DataFile> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { name, bytes };
  try {
    // Takes what a truncated file still holds; the parser then says how much is missing.
    const content = await promisify(gunzip)(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    return { name: `${name}, unzipped`, bytes: bytesOf(content) };
  } catch (error) {
    throw new DataError(
      `${name}: expected a gzip file, got damaged content (${String(error)}); get the file again`,
      { cause: error },
    );
  }
}

/** The same memory as a plain array: a Buffer's slice would be a view of it, not a copy. */
function bytesOf({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
