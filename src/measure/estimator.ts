import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import type { Split } from "../data/index.js";
import { Random } from "../random.js";
import type { Runner, Scores } from "../runner/index.js";
import type { NDArray } from "../tree.js";
import { takeSpread } from "./batches.js";
import { jsonNumber } from "./json-number.js";
import { deviation, mean, standardError } from "./statistics.js";

export const estimatorSchema = z.object({
  examples: z.int(),
  probes: z.int(),
  /** Mean of log p(x) with the exact log-determinant, in nats. */
  exact: jsonNumber,
  byTerms: z.array(
    z.object({
      terms: z.int(),
      /** Mean of the estimate less the reference with the same probes, in nats. */
      bias: jsonNumber,
      standardError: jsonNumber,
      /** Most that truncation makes of it by theorem 4; null if no bound holds. */
      bound: z.number().nullable(),
      /** Standard deviation over single probes, root mean square over examples, in nats. */
      spread: jsonNumber,
    }),
  ),
  /** So many terms that their own bias is small. */
  reference: z.object({
    terms: z.int(),
    /** Mean of the estimate less the exact value, in nats. */
    difference: jsonNumber,
    standardError: jsonNumber,
    bound: z.number().nullable(),
  }),
  byProbes: z.array(
    z.object({
      probes: z.int(),
      /** As above, of the mean over so many probes with the terms of the reference. */
      spread: jsonNumber,
    }),
  ),
});

/** How the series' estimate of the log-determinant errs. */
export type Estimator = Readonly<z.output<typeof estimatorSchema>>;

/** Numbers of terms at which the bias is measured. */
const termCounts = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20] as const;
const referenceTerms = 40;
/** How often the estimator is measured, its progress included. */
const measurements = termCounts.length + 1;
const probeCounts = [1, 2, 4, 8, 16, 32] as const;
const probes = 64;
const most = 200;

/**
 * Bias and spread of the power series beside the exact log-determinant, on examples spread over a
 * split. Estimates and exact value have the rest of log p(x) in common, so differences of log p(x)
 * are those of the log-determinant.
 *
 * The bias of n terms is measured against 40 with the same probes, of which most of the noise
 * cancels, and these against the exact value.
 *
 * @param runner of a density of residual blocks
 * @param split whose examples are scored, 200 of them at most
 * @param onProgress called after each number of terms with those done and those in all
 * @see Behrmann et al. 2019, section 3.2, https://arxiv.org/abs/1811.00995
 */
export async function measureEstimator(
  runner: Runner,
  split: Split,
  onProgress?: (done: number, total: number) => void,
): Promise<Estimator> {
  expectKind(runner, "runner", "measureEstimator");
  const { x } = takeSpread(split, most);
  const random = Random.fromSeed(0).split("estimator");
  const { logProb: exact } = await runner.score(x, { logDet: "exact", random });
  let done = 0;
  const estimate = async (terms: number): Promise<Scores> => {
    const scores = await runner.score(x, { logDet: "estimate", terms, probes, random });
    onProgress?.(++done, measurements);
    return scores;
  };
  const reference = await estimate(referenceTerms);
  const byTerms: Estimator["byTerms"] = [];
  for (const terms of termCounts) {
    const scores = await estimate(terms);
    const { difference: bias, ...rest } = compared(scores, reference.perProbe);
    byTerms.push({ terms, bias, ...rest, spread: spreadOf(scores, 1) });
  }
  return {
    examples: x.shape[0]!,
    probes,
    exact: mean(exact.data),
    byTerms,
    reference: {
      terms: referenceTerms,
      ...compared(
        reference,
        reference.perProbe.map(() => exact),
      ),
    },
    byProbes: probeCounts.map((count) => ({ probes: count, spread: spreadOf(reference, count) })),
  };
}

/** Means over the examples, probe by probe, less those of others. */
function compared(
  { perProbe, bias }: Scores,
  others: readonly NDArray[],
): Omit<Estimator["reference"], "terms"> {
  const differences = perProbe.map(({ data }, probe) => mean(data) - mean(others[probe]!.data));
  return {
    difference: mean(differences),
    standardError: standardError(differences),
    bound: Number.isFinite(bias) ? bias : null,
  };
}

/** Of the mean over `count` probes: from the groups of so many that there are. */
function spreadOf({ perProbe, logProb }: Scores, count: number): number {
  const variances = Array.from(logProb.data, (_, i) => {
    const values = perProbe.map(({ data }) => data[i]!);
    const groups = Array.from({ length: Math.floor(values.length / count) }, (_, group) =>
      mean(values.slice(group * count, (group + 1) * count)),
    );
    return deviation(groups) ** 2;
  });
  return Math.sqrt(mean(variances));
}
