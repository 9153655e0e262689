import { expectKind } from "../border/kinds.js";
import { classNames, type Split } from "../data/index.js";
import { DataError, UsageError } from "../errors.js";
import { expectOptions } from "../border/options.js";
import { expectWhole, ranges } from "../border/ranges.js";
import { Random } from "../random.js";
import { bitsPerDim } from "../models/index.js";
import { ndarray } from "../tree.js";
import type { Runner, Scores } from "../runner/index.js";
import { eachBatch, type MeasureOptions } from "./batches.js";
import { ClassificationCount } from "./classification-count.js";
import type {
  ClassifierEvaluation,
  DensityEvaluation,
  Evaluation,
  HybridEvaluation,
} from "./evaluation.js";
import { deviation, mean, standardError } from "./statistics.js";
import { predictByViews, viewsOfImage } from "./views.js";

export interface EvaluateOptions extends MeasureOptions {
  /** Terms of a density's series; as many as the runner's `score` takes unless given. */
  readonly terms?: number;
  /** Repetitions with other probes and dequantisation noise, 2 or more for their spread; 1 unless given. */
  readonly probes?: number;
  /**
   * Whether a classifier of images is measured by six views of each image too, beside the plain
   * figures: mirrored, and moved by a pixel. Not unless given.
   */
  readonly views?: boolean;
}

/** Decides all noise of an evaluation: it is the same each time, and keyed by example. */
const seed = 0;

/**
 * Measures a model on a split: a classifier as `ClassificationCount` does, a density's mean
 * −log p(x), a hybrid's both and what its training minimises. No figure depends on how the examples
 * are cut into batches.
 *
 * @param runner the model with its numbers
 * @param split of a data set, labelled where the model classifies
 * @param options how many examples, terms and probes, and whom to tell of progress
 * @throws {UsageError} if the split has no labels for a classifier, an option is unknown, or count or
 * probes are out of their range.
 * @throws {DataError} if a label isn't a class of the model.
 */
export async function evaluate(
  runner: Runner,
  split: Split,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  expectOptions(options, ["count", "onProgress", "terms", "probes", "views"], "evaluate");
  expectKind(runner, "runner", "evaluate");
  const { density, classifier, kind, shape } = runner.model;
  const { terms, probes, views } = options;
  if (views && !(classifier && shape.length === 3)) {
    throw new UsageError(
      `evaluate: expected views for classifiers of images alone, got them for ${kind} of shape [${shape}]; leave them out`,
    );
  }
  if (!density && (terms ?? probes) !== undefined) {
    throw new UsageError(
      `evaluate: expected terms and probes for a density alone, got them for ${kind}; leave them out`,
    );
  }
  if (terms !== undefined && density?.logDet !== "series") {
    throw new UsageError(
      `evaluate: expected terms for a model whose log-determinant is a power series, got them for ${kind}; leave them out`,
    );
  }
  if (probes !== undefined) expectWhole(probes, ranges.probes, "evaluate: probes");
  if (!density) return evaluateClassifier(runner, split, options);
  if (!classifier) return evaluateDensity(runner, split, options);
  return evaluateHybrid(runner, split, options);
}

async function evaluateClassifier(
  runner: Runner,
  split: Split,
  { views = false, ...options }: EvaluateOptions,
): Promise<ClassifierEvaluation> {
  const { classes } = runner.model.classifier!;
  const names = runner.data?.classes ?? classNames(classes);
  const plain = new ClassificationCount(names);
  const augmented = views ? new ClassificationCount(names) : undefined;
  await eachBatch(split, options, async ({ x, labels }) => {
    if (!labels) {
      throw new UsageError(
        `evaluate: expected labels beside the examples of ${split.name}, got none; give the data set labels`,
      );
    }
    const other = labels.find((label) => label < 0 || label >= classes);
    if (other !== undefined) {
      throw new DataError(
        `evaluate: expected labels of ${split.name} from 0 to ${classes - 1}, the classes of the model, got ${other}; measure it on data of the classes that it learned`,
        { name: "labels" },
      );
    }
    plain.add((await runner.predict(x)).data, labels);
    augmented?.add((await predictByViews(runner, ndarray(x.data, x.shape))).data, labels);
  });
  const evaluation = { task: "classification", split: split.name, ...plain.summary() } as const;
  if (!augmented) return evaluation;
  const { errors, errorPercent, nll } = augmented.summary();
  return { ...evaluation, augmented: { views: viewsOfImage, errors, errorPercent, nll } };
}

async function evaluateDensity(
  runner: Runner,
  split: Split,
  { terms, probes = 1, ...options }: EvaluateOptions,
): Promise<DensityEvaluation> {
  const { dimensions, pixels } = runner.model;
  const random = Random.fromSeed(seed).split("evaluation");
  const perProbe = Array.from({ length: probes }, (): number[] => []);
  const logProb: number[] = [];
  let method: Pick<Scores, "method" | "terms" | "bias" | "isBound"> | undefined;
  const examples = await eachBatch(split, options, async ({ x, condition }, first) => {
    const scores = await runner.score(x, {
      random,
      first,
      probes,
      ...(terms !== undefined && { terms }),
      ...(condition && { condition }),
    });
    method = scores;
    logProb.push(...scores.logProb.data);
    scores.perProbe.forEach(({ data }, probe) => perProbe[probe]!.push(...data));
  });
  const inUnit = (nats: number): number => (pixels ? -bitsPerDim(nats, dimensions) : nats);
  const { bias, ...how } = method!;
  return {
    task: "density",
    split: split.name,
    examples,
    value: -inUnit(mean(logProb)),
    unit: pixels ? "bits/dim" : "nats",
    dimensions,
    standardError: inUnit(standardError(logProb)),
    probeSpread: probes > 1 ? inUnit(deviation(perProbe.map(mean))) : null,
    biasBound: Number.isFinite(bias) ? inUnit(bias) : null,
    isBound: how.isBound,
    logDet: how.method,
    terms: how.terms,
    probes,
  };
}

async function evaluateHybrid(
  runner: Runner,
  split: Split,
  options: EvaluateOptions,
): Promise<HybridEvaluation> {
  const { onProgress, views, ...rest } = options;
  const half =
    (offset: number) =>
    (done: number, total: number): void => {
      onProgress?.(offset * total + done, 2 * total);
    };
  const classification = await evaluateClassifier(runner, split, {
    ...rest,
    ...(views && { views }),
    onProgress: half(0),
  });
  const density = await evaluateDensity(runner, split, { ...rest, onProgress: half(1) });
  const { value, unit, dimensions } = density;
  const natsPerDim = unit === "nats" ? value / dimensions : value * Math.LN2;
  return {
    task: "hybrid",
    split: split.name,
    examples: density.examples,
    objective: classification.nll + (runner.model.density?.weight ?? 1) * natsPerDim,
    classification,
    density,
  };
}
