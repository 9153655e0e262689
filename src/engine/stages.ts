import { sumName } from "../graph/index.js";
import type { Arrays } from "../tree.js";
import type { Transport } from "./transport.js";

/** Runs stage after stage, each on what it takes of `feeds`; in between, a team adds up its shares. */
export async function runStages(
  stages: readonly ((feeds: Arrays) => Promise<Arrays>)[],
  feeds: Arrays,
  sum: Transport["sum"],
): Promise<Arrays> {
  let given = feeds;
  for (const [stage, run] of stages.slice(0, -1).entries()) {
    const { shape, data } = (await run(given)).share!;
    given = { ...given, [sumName(stage)]: { shape, data: await sum(data) } };
  }
  return stages.at(-1)!(given);
}
