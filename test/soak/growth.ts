import { nodeEngine } from "../../src/engine/node.js";
import { toyData } from "../../src/data/index.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { fit } from "../../src/train/index.js";
import type { Soaked } from "./soaked.js";

const megabyte = 2 ** 20;

/** Trains, scores with ever other terms and samples for so long: memory mustn't grow by over 2 %. */
export async function soakGrowth(minutes: number): Promise<Soaked> {
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 60_000;
  const sizes: { readonly at: number; readonly rss: number }[] = [];
  await using engine = await nodeEngine({ threads: 1 });
  const model = iResNetDensity({ shape: [2], blocks: [2], widths: [16] });
  const data = toyData("moons");
  const { x } = (await data.split("test")).take(Uint32Array.from({ length: 100 }, (_, i) => i));
  let rounds = 0;
  for (; elapsed() < minutes; rounds++) {
    const schedule = { kind: "constant", learningRate: 1e-3 } as const;
    const { arrays } = await fit(
      model,
      data,
      { steps: 20, batchSize: 64, schedule, seed: rounds },
      { engine, onWarning: () => undefined },
    );
    await using runner = await openModel(model, arrays, { engine });
    for (let i = 0; i < 12; i++) {
      await runner.score(x, { logDet: "estimate", terms: 1 + ((rounds * 12 + i) % 120) });
    }
    await runner.sample(100, { random: Random.fromSeed(rounds) });
    const rss = process.memoryUsage().rss / megabyte;
    sizes.push({ at: elapsed() / minutes, rss });
    if ((rounds + 1) % 50 === 0) {
      process.stderr.write(
        `${elapsed().toFixed(1)} min, ${rounds + 1} rounds: ${rss.toFixed(0)} MB\n`,
      );
    }
  }
  const mean = (from: number, to: number): number => {
    const chosen = sizes.filter(({ at }) => at >= from && at < to).map(({ rss }) => rss);
    return chosen.reduce((sum, rss) => sum + rss, 0) / chosen.length;
  };
  const [first, second] = [mean(0, 0.5), mean(0.5, Infinity)];
  const percent = 100 * (second / first - 1);
  const rounded = (value: number): number => Number(value.toFixed(2));
  return {
    figures: {
      rounds,
      megabytesInFirstHalf: rounded(first),
      megabytesInSecondHalf: rounded(second),
      growthPercent: rounded(percent),
    },
    failures: percent > 2 ? [`memory grew by ${percent.toFixed(1)} %`] : [],
  };
}
