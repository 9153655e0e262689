import { z } from "zod";
import { bitsPerDim } from "../models/index.js";
import { Random } from "../random.js";
import { expectAbility, type AnyRunner, type Scores } from "../runner/index.js";
import { inChunks, type Examples } from "./examples.js";
import { measured } from "./measured.js";
import { deviation, mean } from "./statistics.js";
import { formatNumber } from "./terminal.js";
import { plusMinus, table } from "./text.js";

const classifierEvaluation = z.object({
  task: z.literal("classification"),
  split: z.string(),
  examples: z.int(),
  errors: z.int(),
  errorPercent: z.number(),
  /** Mean of −log p(label), in nats. */
  nll: measured,
});

const densityEvaluation = z.object({
  task: z.literal("density"),
  split: z.string(),
  examples: z.int(),
  /** Mean of −log p(x). */
  value: measured,
  /** Of images bits per dimension, of vectors nats per example. */
  unit: z.enum(["bits/dim", "nats"]),
  dimensions: z.int(),
  /** Of the mean over the examples. */
  standardError: measured,
  /** Standard deviation of the mean over repetitions with other probes and dequantisation. */
  probeSpread: z.number().nullable(),
  /** Most that truncating the series changes; null if no bound holds. */
  biasBound: z.number().nullable(),
  logDet: z.enum(["closed form", "exact", "Hutchinson probe", "series"]),
  /** Of the series; null if there is none. */
  terms: z.int().nullable(),
  probes: z.int(),
});

const hybridEvaluation = z.object({
  task: z.literal("hybrid"),
  split: z.string(),
  examples: z.int(),
  /** Mean of what training minimises, in nats. */
  objective: measured,
  classification: classifierEvaluation,
  density: densityEvaluation,
});

export const evaluationSchema = z.discriminatedUnion("task", [
  classifierEvaluation,
  densityEvaluation,
  hybridEvaluation,
]);

export type ClassifierEvaluation = Readonly<z.output<typeof classifierEvaluation>>;
export type DensityEvaluation = Readonly<z.output<typeof densityEvaluation>>;
export type HybridEvaluation = Readonly<z.output<typeof hybridEvaluation>>;
export type Evaluation = ClassifierEvaluation | DensityEvaluation | HybridEvaluation;

export interface EvaluationOptions {
  readonly indices: Uint32Array;
  readonly onProgress?: (done: number) => void;
}

export interface DensityEvaluationOptions extends EvaluationOptions {
  /** As for the runner's score. */
  readonly terms?: number;
  readonly probes?: number;
}

const chunkSize = 500;
const seed = 0;
/** The smallest positive float32: what a probability that vanished counts as. */
const leastProbability = 2 ** -149;

export async function evaluateClassifier(
  runner: AnyRunner,
  examples: Examples,
  { indices, onProgress }: EvaluationOptions,
): Promise<ClassifierEvaluation> {
  const { classes } = expectAbility(runner.model, "classifier", "evaluate").classifier;
  let errors = 0;
  let total = 0;
  await inChunks(indices, chunkSize, async (chunk, start) => {
    const { x, labels } = examples.take(chunk);
    const { data } = await runner.predict(x);
    labels.forEach((label, i) => {
      const row = data.subarray(i * classes, (i + 1) * classes);
      const truth = row[label]!;
      if (!(truth > 0 && row.every((p, k) => k === label || p < truth))) errors++;
      total -= Math.log(Math.max(truth, leastProbability));
    });
    onProgress?.(start + chunk.length);
  });
  return {
    task: "classification",
    split: examples.split,
    examples: indices.length,
    errors,
    errorPercent: (100 * errors) / indices.length,
    nll: total / indices.length,
  };
}

export async function evaluateDensity(
  runner: AnyRunner,
  examples: Examples,
  { indices, terms, probes = 1, onProgress }: DensityEvaluationOptions,
): Promise<DensityEvaluation> {
  const { dimensions, pixels } = runner.model;
  const options = { probes, ...(terms !== undefined && { terms }) };
  const random = Random.fromSeed(seed).split("evaluation");
  const means = Array.from({ length: probes }, () => 0);
  const scores: number[] = [];
  let method: Pick<Scores, "method" | "terms" | "bias"> = { method: "exact", terms: null, bias: 0 };
  await inChunks(indices, chunkSize, async (chunk, start) => {
    const { x } = examples.take(chunk);
    const scored = await runner.score(x, { ...options, random, first: start });
    method = scored;
    scores.push(...scored.logProb.data);
    scored.perProbe.forEach(({ data }, probe) => {
      means[probe]! += data.reduce((sum, value) => sum + value, 0) / indices.length;
    });
    onProgress?.(start + chunk.length);
  });
  const inUnit = (nats: number): number => (pixels ? -bitsPerDim(nats, dimensions) : nats);
  return {
    task: "density",
    split: examples.split,
    examples: indices.length,
    value: -inUnit(mean(scores)),
    unit: pixels ? "bits/dim" : "nats",
    dimensions,
    standardError: inUnit(deviation(scores)) / Math.sqrt(scores.length),
    probeSpread: probes > 1 ? inUnit(deviation(means)) : null,
    biasBound: Number.isFinite(method.bias) ? inUnit(method.bias) : null,
    logDet: method.method,
    terms: method.terms,
    probes,
  };
}

export async function evaluateHybrid(
  runner: AnyRunner,
  examples: Examples,
  options: DensityEvaluationOptions,
): Promise<HybridEvaluation> {
  const { indices } = options;
  const classification = await evaluateClassifier(runner, examples, { indices });
  const density = await evaluateDensity(runner, examples, options);
  const { value, unit, dimensions } = density;
  const natsPerDim = unit === "nats" ? value / dimensions : value * Math.LN2;
  return {
    task: "hybrid",
    split: examples.split,
    examples: indices.length,
    objective: classification.nll + (runner.model.density?.weight ?? 1) * natsPerDim,
    classification,
    density,
  };
}

/** The evaluation as aligned lines. */
export function evaluationText(evaluation: Evaluation): string {
  return table(evaluationRows(evaluation).map(({ label, text }) => [label, text]));
}

/** What a person wants to know of an evaluation. */
export function evaluationRows(
  evaluation: Evaluation,
): readonly { readonly label: string; readonly text: string }[] {
  if (evaluation.task === "hybrid") {
    const [examples, ...density] = evaluationRows(evaluation.density);
    return [
      examples!,
      ...evaluationRows(evaluation.classification).slice(1),
      ...density,
      { label: "objective", text: `${formatNumber(evaluation.objective)} nats` },
    ];
  }
  const count = `${evaluation.examples.toLocaleString("en-US")} (${evaluation.split}, all)`;
  if (evaluation.task === "classification") {
    return [
      { label: "images", text: count },
      {
        label: "error",
        text: `${evaluation.errorPercent.toFixed(2)} % (${evaluation.errors} wrong)`,
      },
      { label: "-log p(class | x)", text: `${formatNumber(evaluation.nll)} nats` },
    ];
  }
  const { value, standardError, unit, dimensions, probeSpread, biasBound, logDet } = evaluation;
  return [
    { label: "examples", text: count },
    {
      label: "negative log-likelihood",
      text: `${plusMinus(value, standardError)} ${unit} over ${dimensions} dims (standard error over examples)`,
    },
    { label: "log-determinant", text: logDetText(evaluation) },
    {
      label: "spread over probes",
      text:
        probeSpread === null
          ? "not measured; take --probes 2 or more"
          : `${formatNumber(probeSpread)} ${unit} (deviation of the mean, ${evaluation.probes} probes)`,
    },
    {
      label: "truncation bias",
      text:
        biasBound === null
          ? "unbounded: a block's Lipschitz bound isn't below 1"
          : logDet === "series"
            ? `at most ${formatNumber(biasBound)} ${unit}`
            : "none: nothing is truncated",
    },
  ];
}

function logDetText({ logDet, terms }: DensityEvaluation): string {
  switch (logDet) {
    case "series":
      return `power series, ${terms} terms, Rademacher probes`;
    case "Hutchinson probe":
      return "Hutchinson's trace, one Rademacher probe for each solve";
    default:
      return logDet;
  }
}
