import type { TablePlan } from "../data/index.js";
import type { Random } from "../random.js";
import type { AnyRunner, ScoreOptions } from "../runner/index.js";
import { codecsOf, decodeTable, scoreTable, tableCells } from "../tables/index.js";
import type { NumberArray } from "../tree.js";
import type { DrawnRows } from "./check-rows.js";
import type { ExportDescription } from "./describe.js";

/** What a runner gives for rows, by the names of a file's outputs. */
export async function expectedOutputs(
  runner: AnyRunner,
  description: ExportDescription,
  { x, z, table, condition }: DrawnRows,
  random: Random,
): Promise<Record<string, NumberArray>> {
  const given = condition ? { condition } : {};
  const plan = runner.data?.table;
  switch (description.to) {
    case "score": {
      const options = { ...given, random, ...methodOf(description) };
      const { logProb, logDet } = await runner.score(x, options);
      const outputs = { log_prob: logProb, log_det: logDet, z: z! };
      if (!table || !runner.data?.calibration) return outputs;
      const { score, pValue } = await scoreTable(runner, table);
      const shape = [score.length];
      return { ...outputs, score: { shape, data: score }, p_value: { shape, data: pValue } };
    }
    case "forward":
      return { z: z! };
    case "inverse": {
      const events = await runner.inverse(z!, given);
      return { x: plan ? cells(middles(events, plan), plan) : events };
    }
    case "sample": {
      const samples = await runner.sample(x.shape[0]!, { ...given, random });
      return { x: plan ? cells(samples, plan) : samples };
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

const cells = (x: NumberArray, plan: TablePlan): NumberArray =>
  tableCells(decodeTable(x, plan), plan);

/** Events of a table by what they are nearest to: codes and marks half a unit up, to be rounded down. */
function middles({ shape, data }: NumberArray, plan: TablePlan): NumberArray {
  const width = shape[1]!;
  const moved = Float64Array.from(data);
  for (const { isCode, value, mark } of codecsOf(plan)) {
    for (let row = 0; row < shape[0]!; row++) {
      if (isCode) moved[row * width + value]! += 0.5;
      if (mark !== undefined) moved[row * width + mark]! += 0.5;
    }
  }
  return { shape, data: moved };
}
