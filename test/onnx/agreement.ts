import type { Engine } from "../../src/engine/engine.js";
import { evaluate } from "../../src/engine/reference.js";
import type { Tensor } from "../../src/graph/index.js";
import { assertClose, drawInputs } from "../graph/numbers.js";

export interface AgreeingGraph {
  readonly inputs: readonly Tensor[];
  readonly outputs: Record<string, Tensor>;
}

/** Asserts that engines give what the reference does, to `tolerance` times the largest value. */
export async function assertAgree(
  engines: readonly Engine[],
  { inputs, outputs }: AgreeingGraph,
  tolerance: number,
): Promise<void> {
  const feeds = drawInputs(inputs);
  const expected = evaluate(outputs, feeds);
  for (const engine of engines) {
    const session = await engine.load({ outputs, updates: {}, guard: [] });
    const actual = await session.run(feeds);
    for (const [name, { data }] of Object.entries(expected)) {
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      assertClose(
        actual[name]!.data.map((value) => value / largest),
        data.map((value) => value / largest),
        tolerance,
        `${name}, ${engine.description}`,
      );
    }
  }
}
