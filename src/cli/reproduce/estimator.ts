import { z } from "zod";
import type { DensityRunner, Scores } from "../../models/index.js";
import { Random } from "../../random.js";
import { spread, type Examples } from "../examples.js";
import { measured } from "../measured.js";
import { deviation, mean } from "../statistics.js";

export const estimatorSchema = z.object({
  examples: z.int(),
  probes: z.int(),
  /** Mean of log p(x) with the exact log-determinant, in nats. */
  exact: measured,
  byTerms: z.array(
    z.object({
      terms: z.int(),
      /** Mean of the estimate less the exact value, over examples and probes, in nats. */
      bias: measured,
      standardError: measured,
      /** Most that truncation makes of it by theorem 4; null if no bound holds. */
      bound: z.number().nullable(),
      /** Standard deviation over single probes, root mean square over examples, in nats. */
      spread: measured,
    }),
  ),
  byProbes: z.array(
    z.object({
      probes: z.int(),
      /** As above, of the mean over so many probes. */
      spread: measured,
    }),
  ),
  /** Of `byProbes`. */
  terms: z.int(),
});

/** How the series' estimate of the log-determinant errs. */
export type Estimator = Readonly<z.output<typeof estimatorSchema>>;

/** Numbers of terms at which the bias is measured. */
export const termCounts = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20] as const;
const probeCounts = [1, 2, 4, 8, 16, 32] as const;
const probes = 64;
/** At these the spread is measured against the number of probes. */
const manyTerms = 10;
const most = 500;

/**
 * Bias and spread of the power series beside the exact log-determinant, on examples spread over a
 * split. Both share log p of the latent, so differences of log p(x) are those of the
 * log-determinant.
 *
 * @see Behrmann et al. 2019, section 3.2, https://arxiv.org/abs/1811.00995
 */
export async function measureEstimator(
  runner: DensityRunner,
  examples: Examples,
  onProgress: (done: number) => void,
): Promise<Estimator> {
  const { x } = examples.take(spread(examples.count, most));
  const random = Random.fromSeed(0).split("estimator");
  const { logProb } = await runner.score(x, { logDet: "exact", random });
  const byTerms: Estimator["byTerms"] = [];
  let byProbes: Estimator["byProbes"] = [];
  for (const terms of termCounts) {
    const scores = await runner.score(x, { logDet: "series", terms, probes, random });
    byTerms.push({ terms, ...biasOf(scores, logProb.data) });
    if (terms === manyTerms) {
      byProbes = probeCounts.map((count) => ({ probes: count, spread: spreadOf(scores, count) }));
    }
    onProgress(byTerms.length);
  }
  return {
    examples: logProb.data.length,
    probes,
    exact: mean(logProb.data),
    byTerms,
    byProbes,
    terms: manyTerms,
  };
}

function biasOf(scores: Scores, exact: Float32Array): Omit<Estimator["byTerms"][number], "terms"> {
  const { perProbe, bias: bound } = scores;
  const differences = perProbe.map(({ data }) => mean(data.map((value, i) => value - exact[i]!)));
  return {
    bias: mean(differences),
    standardError: deviation(differences) / Math.sqrt(differences.length),
    bound: Number.isFinite(bound) ? bound : null,
    spread: spreadOf(scores, 1),
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
