import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import {
  arrayData,
  holdOut,
  oneHot,
  tableSplit,
  takeNumbers,
  type ArrayRows,
  type DataDescription,
  type DataSet,
  type Split,
} from "../data/index.js";
import type { PictureOptions, Pictures } from "../data/pictures/index.js";
import { DataError, UsageError } from "../errors.js";

export interface PictureDataOptions {
  /** Share of the pictures that is held out, in (0, 1); 15 %, at most 1,000, unless given. */
  readonly holdout?: number;
  /** Whether the class is a condition, for a density p(x | class); not unless given. */
  readonly conditional?: boolean;
}

/** Fewest pictures that anything can be learned from. */
const fewest = 20;
const usualShare = 0.15;
const mostHeldOut = 1000;
const where = "pictureData";

/**
 * Pictures as a data set of whole pixels. Part of them is held out as the split `validation`, of each
 * class as large a part, the same ones for the same numbers of pictures; a class keeps one to train
 * on in any case.
 *
 * @param pictures such as `await readPictures(await openPictureFolder(folder))`
 * @throws {DataError} if there are fewer than 20, or fewer than 2 classes as a condition.
 * @throws {UsageError} if an option is unknown, or the share isn't in (0, 1) or holds out fewer than 2.
 */
export function pictureData(pictures: Pictures, options: PictureDataOptions = {}): DataSet {
  expectKind(pictures, "pictures", where);
  expectOptions(options, ["holdout", "conditional"], where);
  const { conditional = false } = options;
  const { name, count, classes, labels, shape, to } = pictures;
  if (count < fewest) {
    throw new DataError(
      `${name}: expected at least ${fewest} pictures to learn from, got ${count}; add some`,
      { name },
    );
  }
  const share = options.holdout ?? Math.min(usualShare, mostHeldOut / count);
  if (!(share > 0 && share < 1)) {
    throw new UsageError(`${where}: expected a holdout above 0 and below 1, got ${share}`, {
      name: "holdout",
    });
  }
  const { train, heldOut } = partsOf(count, share, labels);
  if (heldOut.length < 2) {
    throw new UsageError(
      `${where}: expected a holdout of at least 2 of ${count} pictures, got ${heldOut.length}; raise it`,
      { name: "holdout" },
    );
  }
  if (conditional && classes.length < 2) {
    throw new DataError(
      `${name}: expected subfolders of at least 2 classes as a condition, got ${classes.length}; sort the pictures into one for each class, or learn them without a condition`,
      { name },
    );
  }
  const x = { shape: [count, ...shape], data: pictures.pixels };
  const rows = (places: readonly number[]): ArrayRows => {
    const marks = labels && places.map((place) => labels[place]!);
    return {
      x: takeNumbers(x, places),
      ...(marks && { labels: marks }),
      ...(marks && conditional && { condition: oneHot(marks, classes.length) }),
    };
  };
  const data = arrayData({
    name,
    ...rows(train),
    ...(labels && { classes }),
    validation: rows(heldOut),
  });
  return { ...data, pictures: { fit: to.fit, background: to.background } };
}

/** Places to train on and held-out ones, in order: of each class, or of all without classes. */
function partsOf(
  count: number,
  share: number,
  labels: Int32Array | undefined,
): { readonly train: readonly number[]; readonly heldOut: readonly number[] } {
  const groups = new Map<number, number[]>();
  for (let place = 0; place < count; place++) {
    const label = labels?.[place] ?? 0;
    const group = groups.get(label);
    if (group) group.push(place);
    else groups.set(label, [place]);
  }
  const parts = [...groups.values()].map((group) => {
    const { train, validation } = holdOut(group.length, share);
    const at = (places: Uint32Array): number[] => Array.from(places, (place) => group[place]!);
    return { train: at(train), heldOut: at(validation) };
  });
  const all = (part: "train" | "heldOut"): number[] =>
    parts.flatMap((one) => one[part]).sort((a, b) => a - b);
  return { train: all("train"), heldOut: all("heldOut") };
}

/**
 * How other pictures must be read for a model: the options that give its size and colours, and fit
 * them as those that it learned.
 *
 * @param data of the model's runner or checkpoint, whose events are images
 * @throws {UsageError} if its data aren't grey or RGB images of pixels.
 */
export function pictureOptions(
  data: Pick<DataDescription, "name" | "shape" | "pixels" | "pictures">,
): Required<Pick<PictureOptions, "size" | "channels" | "fit" | "background">> {
  expectKind(data, "data description", "pictureOptions");
  const [channels, height, width] = data.shape;
  const isImage = data.pixels && data.shape.length === 3 && (channels === 1 || channels === 3);
  if (!isImage) {
    throw new UsageError(
      `pictureOptions: expected a model of grey or RGB images of pixels, got one of ${data.name} of shape [${data.shape}]; take a model of pictures`,
      { name: data.name },
    );
  }
  const { fit = "crop", background = 255 } = data.pictures ?? {};
  return {
    size: [height!, width!],
    channels: channels === 1 ? "grey" : "rgb",
    fit,
    background,
  };
}

/**
 * Other pictures as a split to measure a model on, their classes those of the model by name.
 *
 * @param pictures read with {@link pictureOptions}
 * @param classes of the model's data; `[]` for one that needs no labels
 * @param options
 *   - `conditional`: whether the class is the condition of the model
 * @throws {DataError} naming a class that the model doesn't know, or if there are no pictures or no
 * classes where there must be.
 */
export function pictureSplit(
  pictures: Pictures,
  classes: readonly string[],
  { conditional = false }: { readonly conditional?: boolean } = {},
): Split {
  expectKind(pictures, "pictures", "pictureSplit");
  expectKind(classes, "list", "pictureSplit");
  const { name, count, shape, pixels } = pictures;
  if (count === 0) {
    throw new DataError(`${name}: expected a picture that can be read, got none`, { name });
  }
  const x = { shape: [count, ...shape], data: pixels };
  if (classes.length === 0) return tableSplit("test", { x });
  const known = classes.join(", ");
  const { labels } = pictures;
  if (!labels) {
    throw new DataError(
      `${name}: expected a subfolder for each class, of ${known}, got pictures without classes; sort them into such folders`,
      { name },
    );
  }
  const places = pictures.classes.map((one) => classes.indexOf(one));
  const unknown = pictures.classes.filter((_, i) => places[i]! < 0);
  if (unknown.length > 0) {
    throw new DataError(
      `${name}: expected subfolders of the classes ${known}, got ${unknown.join(", ")}; rename them, or leave them out`,
      { name },
    );
  }
  const marks = labels.map((label) => places[label]!);
  return tableSplit("test", {
    x,
    labels: marks,
    ...(conditional && { condition: oneHot(marks, classes.length) }),
  });
}
