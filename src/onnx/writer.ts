import { topologicalOrder, type Tensor } from "../graph/index.js";
import type { BatchAxis } from "./batch-axis.js";
import { lowererFor } from "./lowering.js";
import { inputsOf, needed } from "./needed.js";
import { encodeModel, type ModelProto, type ValueProto } from "./proto.js";
import { GraphScope, ModelScope } from "./scope.js";
import { exported } from "./targets.js";

/**
 * The operator set of exported files, the first in which the axes of ReduceSum are an input, and the
 * version of the file format that came with it: runtimes since 2020 read them.
 */
export const exportedSet = { opset: 13, irVersion: 7 } as const;

/** What a file says of itself beside its operators. */
export interface FileHeader extends Pick<ModelProto, "producerVersion" | "doc" | "metadata"> {
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
}

/**
 * A model's file for batches of any size, made of ONNX's own operators: a graph's, with others that
 * its caller emits before and after them.
 */
export class ModelWriter {
  readonly scope: GraphScope;

  /** @param reserved names of the file's inputs and outputs */
  constructor(reserved: Iterable<string>, batch: BatchAxis) {
    const model = new ModelScope(lowererFor(exported), new Map(), reserved, { batch });
    this.scope = new GraphScope(model);
  }

  /**
   * Adds a graph's operators.
   *
   * @param outputs simplified
   * @param values names of the values that the graph's inputs stand for, by the inputs' names
   * @returns names of the outputs' values
   */
  lower(
    outputs: Readonly<Record<string, Tensor>>,
    values: Readonly<Record<string, string>>,
  ): Record<string, string> {
    for (const node of topologicalOrder(Object.values(outputs))) {
      if (node.op === "input") this.scope.bind(node, values[node.attributes.name]!);
    }
    this.scope.model.lowerer.lower(Object.values(outputs), this.scope);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, this.scope.nameOf(tensor)]),
    );
  }

  /** The file, without what its outputs don't need. */
  encode({ inputs, outputs, ...header }: FileHeader): Uint8Array {
    const { nodes, model } = this.scope;
    const kept = needed(
      nodes,
      outputs.map(({ name }) => name),
    );
    const used = new Set(kept.flatMap(inputsOf));
    return encodeModel({
      ...header,
      irVersion: exportedSet.irVersion,
      opsets: { "": exportedSet.opset },
      graph: {
        name: "iresnet",
        nodes: kept,
        initializers: model.initializers.filter(({ name }) => used.has(name)),
        inputs,
        outputs,
      },
    });
  }
}
