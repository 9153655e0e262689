import { UsageError } from "../errors.js";
import { Random } from "../random.js";
import { expectSplitName, type DataSet, type Split, type SplitName } from "./data-set.js";
import { tableSplit } from "./array-split.js";
import { expectToyName, sampleToy } from "./toy.js";

/** Points of the validation and test splits. */
const heldOut = 10_000;

/**
 * A toy density of the plane as a data set: points to train on are drawn afresh, those to validate
 * and to test on are always the same 10,000, apart from all training.
 *
 * @param name one of {@link toyNames}
 * @throws {UsageError} if there is no such density; {@link toyNames} lists them.
 */
export function toyData(name: string): DataSet {
  const known = expectToyName(name, "toyData");
  return {
    name: known,
    shape: [2],
    pixels: false,
    classes: [],
    condition: 0,
    warnings: [],
    split: async (split) => {
      expectSplitName(split, known);
      return split === "train" ? fresh(known) : held(known, split);
    },
  };
}

function fresh(name: string): Split {
  return {
    name: "train",
    count: Infinity,
    take: () => {
      throw new UsageError(
        `toyData: expected \`draw\` for points to train on, which are endless, got \`take\` of ${name}; draw them, or take them from another split`,
      );
    },
    draw: (n, random) => ({ x: sampleToy(name, n, random) }),
  };
}

function held(name: string, split: SplitName): Split {
  const random = Random.fromSeed(0).split("held out").split(split);
  return tableSplit(split, { x: sampleToy(name, heldOut, random) });
}
