import type { ImageSetName } from "./image-set-name.js";

/** Names that folders of the sets go by, in lower case and without marks. */
const aliases: Readonly<Record<ImageSetName, readonly string[]>> = {
  mnist: ["mnist"],
  "fashion-mnist": ["fashionmnist", "fashion"],
  "cifar-10": ["cifar10", "cifar10batchesbin", "cifar10binary"],
  "cifar-100": ["cifar100", "cifar100binary"],
};

/** Sets whose files have MNIST's names, and which aren't read here. */
const lookalikes = ["kmnist", "emnist", "qmnist", "medmnist", "notmnist"];

/**
 * The file of an image set among the files of a folder, under any of its usual names: in
 * `MNIST/raw`, `FashionMNIST/raw`, `cifar-10-batches-bin`, ...; as `train-images-idx3-ubyte` or
 * `train-images.idx3-ubyte`; gzipped or not; alone in a folder of its own name. Of several, the one
 * in a folder of the set's name, then the one that is nearest, then the one that isn't gzipped.
 *
 * @param paths files within the folder, with `/` between folders
 * @param member the file's published name, such as `train-images-idx3-ubyte`, `data_batch_1.bin`
 */
export function findMember(
  paths: readonly string[],
  set: ImageSetName,
  member: string,
): string | undefined {
  const wanted = plain(member);
  const ranked = paths
    .filter((path) => plain(lastOf(path).replace(/\.gz$/i, "")) === wanted)
    .map((path) => ({ path, folders: foldersOf(path) }))
    .filter(({ folders }) => !folders.some((folder) => isOther(folder, set)))
    .map(({ path, folders }) => {
      const named = folders.some((folder) => aliases[set].includes(folder)) ? 0 : 1;
      return { path, rank: [named, folders.length, /\.gz$/i.test(path) ? 1 : 0] };
    })
    .sort((a, b) => compare(a.rank, b.rank) || (a.path < b.path ? -1 : 1));
  return ranked[0]?.path;
}

/** Whether a folder may lead to a member of a set: it is called after the set, or the member, or `raw`. */
export function mayHold(folder: string, set: ImageSetName, member: string): boolean {
  const name = bare(folder);
  return (
    name === "raw" || name === bare(member) || aliases[set].some((alias) => name.startsWith(alias))
  );
}

/** What to do if a set's files are there in a form that isn't read: a remedy for an error. */
export function layoutRemedy(paths: readonly string[], set: ImageSetName): string {
  const names = new Set(paths.map(lastOf));
  const isPython =
    set === "cifar-10" ? names.has("data_batch_1") : set === "cifar-100" && names.has("train");
  if (isPython) return "these are Python's pickles: get the binary version of the set";
  if (names.has(`${set}.npz`)) return `open ${set}.npz as arrays`;
  return `download the set, or give the folder that holds it`;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function foldersOf(path: string): string[] {
  return path.split("/").slice(0, -1).map(bare);
}

/** In lower case and without marks. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Points, lines and capitals of names differ between copies of a set. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[._]/g, "-");
}

function isOther(folder: string, set: ImageSetName): boolean {
  const others = Object.entries(aliases).filter(([name]) => name !== set);
  return lookalikes.includes(folder) || others.some(([, names]) => names.includes(folder));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
