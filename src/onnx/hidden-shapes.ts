import type { Shape } from "../tree.js";
import type { NodeProto, TensorProto } from "./proto.js";

/** What a model's graph gets for its hidden shapes. */
export interface HiddenShapesProto {
  readonly node: NodeProto;
  readonly initializers: readonly TensorProto[];
  /** The initializer that is an input too. */
  readonly lengths: TensorProto;
}

/**
 * Shapes that ONNX Runtime learns when it runs, not before: parts of one vector, split by lengths
 * that a run could feed, although none does.
 *
 * Where shapes are known, each array's memory is promised to a later one of the same shape and kept
 * till then, half as much again as what lives at once in a training step; otherwise it is freed
 * after its last use. Not even the number of axes may be known: the planner would compare each array
 * with every one that is free.
 */
export class HiddenShapes {
  readonly #fresh: (stem: string) => string;
  readonly #shapes = new Map<string, { readonly name: string; readonly shape: Shape }>();

  /** @param fresh gives names that nothing in the model has */
  constructor(fresh: (stem: string) => string) {
    this.#fresh = fresh;
  }

  /** The name of a vector that holds the shape. */
  nameOf(shape: Shape): string {
    const known = this.#shapes.get(shape.join()) ?? { name: this.#fresh("shape"), shape };
    this.#shapes.set(shape.join(), known);
    return known.name;
  }

  /** Nothing if no shape was named. */
  proto(): HiddenShapesProto | undefined {
    if (this.#shapes.size === 0) return undefined;
    const shapes = [...this.#shapes.values()];
    const all = this.#vector(shapes.flatMap(({ shape }) => shape));
    const lengths = this.#vector(shapes.map(({ shape }) => shape.length));
    return {
      node: {
        opType: "Split",
        domain: "",
        inputs: [all.name, lengths.name],
        outputs: shapes.map(({ name }) => name),
        attributes: { axis: 0 },
      },
      initializers: [all, lengths],
      lengths,
    };
  }

  #vector(values: readonly number[]): TensorProto {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return { name: this.#fresh("shapes"), type: "int64", shape: [values.length], bytes };
  }
}
