import { exact, powerSeries, truncationBias } from "../bijections/index.js";
import { expectOneOf } from "../border/options.js";
import { expectWhole, ranges } from "../border/ranges.js";
import type { Deviation } from "../data/index.js";
import type { Density, LogDetMethod, Model } from "../models/index.js";
import type { LogDetEstimator } from "../nn/index.js";
import { ndarray, type NDArray } from "../tree.js";
import { inBatches } from "./batching.js";
import type { Core, Numbers } from "./core.js";
import { expectAbility, expectPlaces, keysOf, type NoiseOptions } from "./entry.js";
import { scoreTrace } from "./graphs.js";
import { enterRows, expectRowOptions, type RowOptions } from "./rows.js";

export interface ScoreOptions extends RowOptions, NoiseOptions {
  /**
   * Where the log-determinant comes from: the `exact` Jacobian, or its trace throughout a solve
   * (the default up to 16 dimensions, unless `terms` of a series are given), or the model's
   * `estimate`, see {@link LogDetMethod}. One of a closed form is that in any case.
   */
  readonly logDet?: "exact" | "estimate";
  /**
   * Terms of the series, if the model has one. Unless given, as many as it takes to be off by at most
   * 0.005 nats per dimension, in tens, but no more than 100: see {@link Scores.bias}.
   */
  readonly terms?: number;
  /** Independent repetitions, each with its own probe and dequantisation; 1 unless given. */
  readonly probes?: number;
}

export interface Scores {
  /** log p(x) in nats, the mean over the probes, `[B]`. */
  readonly logProb: NDArray;
  /** ln|det J| of the map from data to latent, in nats, the mean over the probes, `[B]`. */
  readonly logDet: NDArray;
  /**
   * Standard error of `logProb`, from the spread over the probes, in nats, `[B]`; null for one probe.
   */
  readonly standardError: NDArray | null;
  /** log p(x) in nats of each probe, `[B]` each. */
  readonly perProbe: readonly NDArray[];
  /** Where the log-determinant came from. */
  readonly method: LogDetMethod | "exact";
  /** Terms of the series; null if there is none. */
  readonly terms: number | null;
  /**
   * Most that truncating the series adds to or takes from the mean, in nats, for the Lipschitz
   * constants that {@link Runner.lipschitz} estimates: 0 without a series, infinite if one isn't
   * below 1.
   */
  readonly bias: number;
  /** Whether noise made whole numbers real: then `logProb` bounds theirs from below, in the mean. */
  readonly isBound: boolean;
  /** Values of columns that were constant in training, and aren't: log p of their rows is −∞. */
  readonly deviations: readonly Deviation[];
}

const known = ["logDet", "terms", "probes", "random", "first", "places"];
const mostExactByDefault = 16;
/** Most that truncating the series should change, in nats per dimension. */
const tolerated = 0.005;
const mostTerms = 100;

/** How a density is scored. */
export interface ScoreMethod {
  readonly method: Scores["method"];
  /** Terms of the series; null if there is none. */
  readonly terms: number | null;
  readonly logDet: LogDetEstimator;
  /** See {@link Scores.bias}. */
  readonly bias: number;
}

/** What the options, the model and the Lipschitz constants of its numbers come to. */
export function scoreMethod(
  density: Density,
  numbers: Numbers,
  options: Pick<ScoreOptions, "logDet" | "terms">,
): ScoreMethod {
  const method = methodOf(density, options);
  if (method !== "series") {
    const logDet = method === "exact" ? exact : powerSeries({ terms: 1 });
    return { method, terms: null, logDet, bias: 0 };
  }
  const terms = options.terms ?? enoughTerms(density, numbers);
  const bias = truncation(density, numbers, terms);
  return { method, terms, logDet: powerSeries({ terms }), bias };
}

export async function score(core: Core, x: unknown, options: ScoreOptions): Promise<Scores> {
  const where = "Runner.score";
  const { model, preprocessor } = core;
  const density = expectAbility(model, "density", where);
  expectRowOptions(options, known, where);
  if (options.logDet !== undefined) {
    expectOneOf(options.logDet, ["exact", "estimate"], `${where}: logDet`);
  }
  if (options.terms !== undefined) expectWhole(options.terms, ranges.terms, `${where}: terms`);
  const probes = expectWhole(options.probes ?? 1, ranges.probes, `${where}: probes`);
  const entered = enterRows(x, options, { model, preprocessor, where, isScored: true });
  expectPlaces(options, entered.count, where);
  return core.use(async (numbers) => {
    const { method, terms, logDet, bias } = scoreMethod(density, numbers, options);
    const perProbe: { readonly logProb: NDArray; readonly logDet: NDArray }[] = [];
    for (let probe = 0; probe < probes; probe++) {
      const results = await core.graph(
        `${method} ${terms}`,
        { logDet },
        scoreTrace(density),
        (scorer) =>
          inBatches(entered.args, entered.count, (batch, start, size) => {
            const keys = keysOf(options, start, size, where).map((row) => row.split(probe));
            return scorer.run(scorer.prepare(batch, keys), numbers.store);
          }),
      );
      const settled = core.settled(results, numbers, entered, options, {
        direction: "forward pass",
        where,
      });
      perProbe.push({
        logProb: shifted(settled.logProb!, entered.logDet),
        logDet: shifted(settled.logDet!, entered.logDet),
      });
    }
    const logProbs = perProbe.map(({ logProb }) => impossible(logProb, entered.deviations));
    return {
      logProb: meanOf(logProbs),
      logDet: meanOf(perProbe.map((one) => one.logDet)),
      standardError: standardErrorOf(perProbe.map((one) => one.logProb)),
      perProbe: logProbs,
      method,
      terms,
      bias,
      isBound: (entered.args.step ?? core.step) !== undefined,
      deviations: entered.deviations,
    };
  });
}

function methodOf(
  { density, dimensions }: Density,
  { logDet, terms }: ScoreOptions,
): Scores["method"] {
  const method = density.logDet;
  if (method === "closed form") return method;
  const isTruncated = method === "series" && terms !== undefined;
  const isSmall = dimensions <= mostExactByDefault;
  return (logDet ?? (isSmall && !isTruncated ? "exact" : "estimate")) === "exact"
    ? "exact"
    : method;
}

function enoughTerms(model: Model, numbers: Numbers): number {
  let terms = 10;
  while (terms < mostTerms && truncation(model, numbers, terms) > tolerated * model.dimensions) {
    terms += 10;
  }
  return terms;
}

function truncation({ blocks }: Model, { lipschitz }: Numbers, terms: number): number {
  return blocks.reduce(
    (total, { path, dimensions }) => total + truncationBias(dimensions, lipschitz[path]!, terms),
    0,
  );
}

function shifted({ shape, data }: NDArray, nats: Float64Array): NDArray {
  return { shape, data: data.map((value, row) => value + nats[row]!) };
}

/** −∞ for rows that deviate from what training never varied. */
function impossible({ shape, data }: NDArray, deviations: readonly Deviation[]): NDArray {
  const marked = data.slice();
  for (const { row } of deviations) marked[row] = -Infinity;
  return { shape, data: marked };
}

function meanOf(arrays: readonly NDArray[]): NDArray {
  const [first] = arrays;
  return ndarray(
    Array.from(first!.data, (_, i) => valuesAt(arrays, i).reduce(sum) / arrays.length),
    first!.shape,
  );
}

function standardErrorOf(arrays: readonly NDArray[]): NDArray | null {
  const [first] = arrays;
  const n = arrays.length;
  if (n < 2) return null;
  return ndarray(
    Array.from(first!.data, (_, i) => {
      const values = valuesAt(arrays, i);
      const mean = values.reduce(sum) / n;
      return Math.sqrt(values.map((value) => (value - mean) ** 2).reduce(sum) / (n - 1) / n);
    }),
    first!.shape,
  );
}

const sum = (a: number, b: number): number => a + b;

const valuesAt = (arrays: readonly NDArray[], i: number): number[] =>
  arrays.map(({ data }) => data[i]!);
