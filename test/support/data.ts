import type { DataSet, Rows, Split } from "../../src/data/index.js";

/**
 * A data set whose training rows are changed as they are handed out: call 0 is that of the
 * initialisation, call s that of the s-th step.
 */
export function changed(data: DataSet, change: (rows: Rows, call: number) => Rows): DataSet {
  let call = 0;
  return {
    ...data,
    split: async (name) => {
      const { draw, ...split } = await data.split(name);
      if (name !== "train") return { ...split, ...(draw && { draw }) };
      const other: Split = {
        ...split,
        take: (indices) => change(split.take(indices), call++),
        ...(draw && { draw: (n, random) => change(draw(n, random), call++) }),
      };
      return other;
    },
  };
}
