import { arrayData } from "../src/data/index.js";
import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import { Random } from "../src/random.js";
import { openRunner } from "../src/runner/index.js";
import { fitTable, scoreRows } from "../src/tables/index.js";
import type { NumberArray } from "../src/tree.js";
import { round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

const rates = [0.01, 0.05] as const;
/** Part of the rows that is held out; half of it calibrates. */
const heldOut = 0.25;

/** How often fresh normal rows are flagged by models that `fitTable` makes as it does for a user. */
export async function benchFalseAlarms(args: readonly string[]): Promise<void> {
  const options = wholeNumbers(args, { seeds: 20, rows: 1600, fresh: 2000 });
  await using engine = await nodeEngine({ threads: 1 });
  const flagged: number[][] = rates.map(() => []);
  let calibrating = 0;
  for (let seed = 1; seed <= options.seeds; seed++) {
    const shares = await sharesFlagged(engine, seed, options);
    calibrating = shares.calibrating;
    shares.flagged.forEach((share, i) => flagged[i]!.push(share));
    process.stderr.write(
      `seed ${seed}: ${rates.map((rate, i) => `${round(100 * flagged[i]!.at(-1)!, 2)} % at ${100 * rate} %`).join(", ")}\n`,
    );
  }
  const result = {
    name: "false-alarms",
    ...options,
    calibrating,
    rates: rates.map((rate, i) => {
      const promised = Math.floor(rate * (calibrating + 1) + 1e-9) / (calibrating + 1);
      const variance = promised * (1 - promised);
      const one = variance * (1 / (calibrating + 2) + 1 / options.fresh);
      const mean = flagged[i]!.reduce((sum, share) => sum + share, 0) / options.seeds;
      return {
        rate,
        promised_percent: round(100 * promised, 3),
        seen_percent: round(100 * mean, 3),
        standard_error_percent: round(100 * Math.sqrt(one / options.seeds), 3),
      };
    }),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function sharesFlagged(
  engine: Engine,
  seed: number,
  { rows, fresh }: { readonly rows: number; readonly fresh: number },
): Promise<{ readonly flagged: number[]; readonly calibrating: number }> {
  const random = Random.fromSeed(seed);
  const data = arrayData({ x: normals(rows, random.split("train")), validation: heldOut });
  const fitted = await fitTable(data, { engine, seed, onWarning: () => undefined });
  const runner = await openRunner(fitted!.checkpoint, { engine });
  const { pValue } = await scoreRows(runner, normals(fresh, random.split("fresh")));
  await runner.close();
  return {
    flagged: rates.map((rate) => pValue.filter((p) => p <= rate).length / fresh),
    calibrating: runner.data!.calibration!.scores.length,
  };
}

/** A noisy circle, a heavy tail, a column that follows it, and two plain ones. */
function normals(count: number, random: Random): NumberArray {
  const angle = random.split("angle").uniform(count);
  const z = random.split("noise").normal(6 * count);
  const rows = Array.from({ length: count }, (_, row) => {
    const [a, b, c, d, e, f] = z.subarray(6 * row, 6 * row + 6) as unknown as number[];
    const [turn, income] = [2 * Math.PI * angle[row]!, Math.exp(c!)];
    return [Math.cos(turn) + a! / 10, Math.sin(turn) + b! / 10, income, 2 * income + d!, e!, f!];
  });
  return { shape: [count, 6], data: Float64Array.from(rows.flat()) };
}
