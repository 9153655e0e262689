import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { Split } from "../data/index.js";
import type { PictureProblem, Pictures } from "../data/pictures/index.js";
import { ShapeError, UsageError } from "../errors.js";
import { complexityScore, Conformal, pngBits } from "../measure/index.js";
import { spread } from "../measure/batches.js";
import { bitsPerDim } from "../models/index.js";
import { expectAbility, type AnyRunner } from "../runner/index.js";
import { classCondition } from "./class-condition.js";
import { sameShape, type NumberArray } from "../tree.js";

/** Scores of pictures, each array `[count]`; NaN for those that can't be read or scored. */
export interface PictureScores {
  /** All files, those that can't be read included, sorted. */
  readonly files: readonly string[];
  /** Of a density. */
  readonly density?: PictureDensities;
  /** Of a classifier. */
  readonly classes?: PictureClasses;
  /** Files that can't be read, and why. */
  readonly problems: readonly PictureProblem[];
}

export interface PictureDensities {
  /** log p(x) in nats, of pixels 0…255; of a density by class, the mean of p(x | class) over classes. */
  readonly logProb: Float64Array;
  /** −log₂ p(x)/D: plain likelihood, which is low for whatever is simple. */
  readonly bitsPerDim: Float64Array;
  /** {@link pngBits}. */
  readonly pngBits: Float64Array;
  /** {@link complexityScore}: higher for what is more unusual, in bits. */
  readonly score: Float64Array;
  /**
   * {@link Conformal} p-value of the score: the share of held-out pictures that are at least as
   * unusual. NaN where the model's checkpoint has none.
   */
  readonly pValue: Float64Array;
}

export interface PictureClasses {
  /** Names of the most probable classes; empty for pictures that can't be read. */
  readonly names: readonly string[];
  /** p(class | x) of these. */
  readonly probability: Float64Array;
}

const where = "scorePictures";
/** Most held-out pictures that are scored. */
const mostHeldOut = 1000;
/** Of these, how many at a time. */
const chunk = 100;

/**
 * Scores pictures by a model of such pictures: how unusual they are, by a density, and what they
 * show, by a classifier; both by a hybrid.
 *
 * @param runner of a model of pixels
 * @param pictures read with {@link pictureOptions}, and `invalid: "skip"` where a damaged file shouldn't
 * end the reading
 * @param options.first place of the first picture where a folder comes in several chunks, which decides
 * the noise that makes pixels real
 * @throws {UsageError} if an option is unknown.
 * @throws {ShapeError} if the pictures are of another size.
 */
export async function scorePictures(
  runner: AnyRunner,
  pictures: Pictures,
  options: { readonly first?: number } = {},
): Promise<PictureScores> {
  expectKind(runner, "runner", where);
  expectKind(pictures, "pictures", where);
  expectOptions(options, ["first"], where);
  const { first = 0 } = options;
  const { shape, count, pixels } = pictures;
  const { model } = runner;
  if (!model.pixels || !sameShape(shape, model.shape)) {
    throw new ShapeError(
      `${where}: expected pictures of shape [${model.shape}], got [${shape}]; read them with pictureOptions of the model's data`,
      { name: pictures.name },
    );
  }
  const problems = [...pictures.problems];
  const files = [...pictures.files, ...problems.map(({ file }) => file)].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const places = new Map(pictures.files.map((file, place) => [file, place]));
  const inOrder = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(files, (file) => values[places.get(file) ?? -1] ?? NaN);
  const x = { shape: [count, ...shape], data: pixels };
  const densities = model.density && (await densitiesOf(runner, x, first));
  const classes = model.classifier && (await classesOf(runner, x));
  return {
    files,
    ...(densities && {
      density: {
        logProb: inOrder(densities.logProb),
        bitsPerDim: inOrder(densities.bitsPerDim),
        pngBits: inOrder(densities.pngBits),
        score: inOrder(densities.score),
        pValue: inOrder(densities.pValue),
      },
    }),
    ...(classes && {
      classes: {
        names: files.map((file) => classes.names[places.get(file) ?? -1] ?? ""),
        probability: inOrder(classes.probability),
      },
    }),
    problems,
  };
}

/**
 * Scores pictures one chunk after another: only one is in memory at a time.
 * @throws as {@link scorePictures}, and what the chunks throw.
 */
export async function* scorePictureChunks(
  runner: AnyRunner,
  chunks: Iterable<Pictures> | AsyncIterable<Pictures>,
): AsyncGenerator<PictureScores> {
  expectKind(chunks, "chunks", "scorePictureChunks");
  let first = 0;
  for await (const pictures of chunks) {
    yield await scorePictures(runner, pictures, { first });
    first += pictures.count;
  }
}

/**
 * Complexity scores of held-out pictures, sorted, as a checkpoint's `data.pictures.heldOut` keeps them
 * for p-values: of at most 1,000 of the split, evenly spread.
 *
 * @param onProgress told how many are done, and how many there are
 * @throws {UsageError} if the model isn't a density of images of pixels.
 */
export async function heldOutScores(
  runner: AnyRunner,
  split: Split,
  { onProgress }: { readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<number[]> {
  expectKind(runner, "runner", "heldOutScores");
  expectKind(split, "split", "heldOutScores");
  const { model } = runner;
  expectAbility(model, "density", "heldOutScores");
  if (!model.pixels) {
    throw new UsageError(
      `heldOutScores: expected a density of pixels, got one of real numbers; tables have scores of their own`,
      { name: model.kind },
    );
  }
  const places = spread(split, mostHeldOut);
  const scores: number[] = [];
  for (let first = 0; first < places.length; first += chunk) {
    const { x } = split.take(places.subarray(first, first + chunk));
    scores.push(...(await densitiesOf(runner, x, first)).score);
    onProgress?.(scores.length, places.length);
  }
  // One that can't be scored stands above all others, so that it makes no other look unusual.
  return scores
    .map((score) => (Number.isFinite(score) ? score : Number.MAX_VALUE))
    .sort((a, b) => a - b);
}

async function densitiesOf(
  runner: AnyRunner,
  x: NumberArray,
  first: number,
): Promise<PictureDensities> {
  if (x.shape[0] === 0) {
    const none = new Float64Array(0);
    return { logProb: none, bitsPerDim: none, pngBits: none, score: none, pValue: none };
  }
  const logProb = await logProbOf(runner, x, first);
  const bits = pngBits(x);
  const score = complexityScore(logProb, bits);
  const heldOut = runner.data?.pictures?.heldOut ?? [];
  const conformal = heldOut.length > 0 ? new Conformal(heldOut) : undefined;
  return {
    logProb,
    bitsPerDim: logProb.map((nats) => bitsPerDim(nats, runner.model.dimensions)),
    pngBits: bits,
    score,
    pValue: score.map((one) => conformal?.pValue(one) ?? NaN),
  };
}

/** log p(x) in nats; of a density by class that of their mixture, each class as often. */
async function logProbOf(runner: AnyRunner, x: NumberArray, first: number): Promise<Float64Array> {
  const options = { first, invalid: "nan" } as const;
  const count = x.shape[0]!;
  const classes = classCondition(runner.data, 1).condition ? runner.data!.classes : [];
  if (classes.length === 0) {
    return Float64Array.from((await runner.score(x, options)).logProb.data);
  }
  const perClass: Float32Array[] = [];
  for (const name of classes) {
    const condition = classCondition(runner.data, count, { class: name });
    perClass.push((await runner.score(x, { ...options, ...condition })).logProb.data);
  }
  return Float64Array.from({ length: count }, (_, i) => {
    const most = perClass.reduce((largest, values) => Math.max(largest, values[i]!), -Infinity);
    const sum = perClass.reduce((total, values) => total + Math.exp(values[i]! - most), 0);
    return most + Math.log(sum / classes.length);
  });
}

async function classesOf(runner: AnyRunner, x: NumberArray): Promise<PictureClasses> {
  if (x.shape[0] === 0) return { names: [], probability: new Float64Array(0) };
  const { shape, data } = await runner.predict(x);
  const [count = 0, classes = 0] = shape;
  const rows = Array.from({ length: count }, (_, i) =>
    data.subarray(i * classes, (i + 1) * classes),
  );
  const best = rows.map((row) => row.indexOf(row.reduce((most, p) => Math.max(most, p), 0)));
  return {
    names: best.map((one) => runner.data?.classes[one] ?? String(one)),
    probability: Float64Array.from(rows, (row, i) => row[best[i]!]!),
  };
}
