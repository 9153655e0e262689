import { dayLength } from "../data/cell-text.js";
import type { TablePlan } from "../data/index.js";
import type { Random } from "../random.js";
import type { AnyRunner, ScoreOptions } from "../runner/index.js";
import { codecsOf } from "../tables/cells.js";
import { rowDistances } from "../tables/held-out.js";
import { conformalOf } from "../tables/score-rows.js";
import { OutlierScore } from "../tables/score.js";
import type { NumberArray } from "../tree.js";
import { cellsOfFeatures, type DrawnRows } from "./check-rows.js";
import type { ExportDescription } from "./describe.js";

/** What a runner gives for rows, by the names of a file's outputs. */
export async function expectedOutputs(
  runner: AnyRunner,
  description: ExportDescription,
  { x, z, condition }: DrawnRows,
  random: Random,
): Promise<Record<string, NumberArray>> {
  const given = condition ? { condition } : {};
  const plan = runner.data?.table;
  switch (description.to) {
    case "score": {
      const options = { ...given, random, ...methodOf(description) };
      const { logProb, logDet } = await runner.score(x, options);
      const outputs = { log_prob: logProb, log_det: logDet, z: z! };
      const calibration = runner.data?.calibration;
      if (!calibration) return outputs;
      const distance = rowDistances(runner, x, calibration.neighbours);
      const score = new OutlierScore(calibration).of({ logProb: logProb.data, distance });
      const conformal = conformalOf(calibration);
      const { shape } = logProb;
      const pValue = score.map((one) => conformal.pValue(one));
      return { ...outputs, score: { shape, data: score }, p_value: { shape, data: pValue } };
    }
    case "forward":
      return { z: z! };
    case "inverse": {
      const events = await runner.inverse(z!, given);
      return { x: plan ? cellsOfFeatures(middles(events, plan), plan.columns) : events };
    }
    case "sample": {
      const samples = await runner.sample(x.shape[0]!, { ...given, random });
      return { x: plan ? cellsOfFeatures(samples, plan.columns) : samples };
    }
    case "classify":
      return { probabilities: await runner.predict(x, given) };
  }
}

function methodOf({ logDet }: ExportDescription): Pick<ScoreOptions, "logDet" | "terms"> {
  if (logDet?.method === "closed form" || !logDet) return {};
  if (logDet.method === "exact") return { logDet: "exact" };
  return { logDet: "estimate", ...(logDet.terms !== null && { terms: logDet.terms }) };
}

/** Events of a table by what they are nearest to: codes and marks half a unit up, to be rounded down. */
function middles({ shape, data }: NumberArray, plan: TablePlan): NumberArray {
  const width = shape[1]!;
  const moved = Float64Array.from(data);
  for (const { isCode, isDay, first, mark, oneHot } of codecsOf(plan.columns)) {
    for (let row = 0; row < shape[0]!; row++) {
      if (isDay) moved[row * width + first]! += dayLength / 2;
      if (isCode && oneHot === undefined) moved[row * width + first]! += 0.5;
      if (mark !== undefined) moved[row * width + mark]! += 0.5;
    }
  }
  return { shape, data: moved };
}
