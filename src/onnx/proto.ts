import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The parts of onnx.proto that our models use, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. */
export interface ModelProto {
  readonly graph: GraphProto;
  /** Versions of the operator sets by domain; `""` is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Version of the file format; {@link irVersion} unless given. */
  readonly irVersion?: number;
  readonly producerVersion?: string;
  /** What the model is, for people. */
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
}

export interface NodeProto {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** Attributes by name: a whole number, a list of them, any number, or a graph. */
export type Attributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number } | GraphProto>
>;

export type ElementType = "float" | "int64" | "bool" | "double";

/** Size of an axis: a number, or the name of one that is known when the model runs. */
export type Dimension = number | string;

export interface ValueProto {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dimension[];
  /** What the value is, for people. */
  readonly doc?: string;
}

/** A constant; `bytes` holds its elements in row-major order, little-endian. */
export interface TensorProto extends ValueProto {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Version 9 of the file format goes with operator set 17 and later. */
const irVersion = 9;

const elementTypes: Readonly<Record<ElementType, number>> = {
  float: 1,
  int64: 7,
  bool: 9,
  double: 11,
};
const attributeTypes = { float: 1, int: 2, graph: 5, ints: 7 } as const;

/** The value of `to` in ONNX's Cast. */
export const castTo = (type: ElementType): number => elementTypes[type];

/** Serialises a model. */
export function encodeModel(model: ModelProto): Uint8Array {
  const w = new BinaryWriter();
  int(w, 1, model.irVersion ?? irVersion);
  text(w, 2, "iresnet");
  if (model.producerVersion !== undefined) text(w, 3, model.producerVersion);
  if (model.doc !== undefined) text(w, 6, model.doc);
  message(w, 7, () => {
    writeGraph(w, model.graph);
  });
  for (const [domain, version] of Object.entries(model.opsets)) {
    message(w, 8, () => {
      text(w, 1, domain);
      int(w, 2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata ?? {})) {
    message(w, 14, () => {
      text(w, 1, key);
      text(w, 2, value);
    });
  }
  return w.finish();
}

function writeGraph(w: BinaryWriter, graph: GraphProto): void {
  for (const node of graph.nodes) {
    message(w, 1, () => {
      writeNode(w, node);
    });
  }
  text(w, 2, graph.name);
  for (const tensor of graph.initializers) {
    message(w, 5, () => {
      for (const n of tensor.shape) int(w, 1, n);
      int(w, 2, elementTypes[tensor.type]);
      text(w, 8, tensor.name);
      w.tag(9, WireType.LengthDelimited).bytes(tensor.bytes);
    });
  }
  for (const value of graph.inputs) writeValue(w, 11, value);
  for (const value of graph.outputs) writeValue(w, 12, value);
}

function writeNode(w: BinaryWriter, node: NodeProto): void {
  for (const name of node.inputs) text(w, 1, name);
  for (const name of node.outputs) text(w, 2, name);
  text(w, 3, node.outputs[0] ?? "");
  text(w, 4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(w, 5, () => {
      text(w, 1, name);
      if (typeof value === "number") {
        int(w, 3, value);
        int(w, 20, attributeTypes.int);
      } else if ("float" in value) {
        w.tag(2, WireType.Bit32).float(value.float);
        int(w, 20, attributeTypes.float);
      } else if ("nodes" in value) {
        message(w, 6, () => {
          writeGraph(w, value);
        });
        int(w, 20, attributeTypes.graph);
      } else {
        for (const n of value) int(w, 8, n);
        int(w, 20, attributeTypes.ints);
      }
    });
  }
  if (node.domain !== "") text(w, 7, node.domain);
}

function writeValue(w: BinaryWriter, field: number, value: ValueProto): void {
  message(w, field, () => {
    text(w, 1, value.name);
    message(w, 2, () => {
      message(w, 1, () => {
        int(w, 1, elementTypes[value.type]);
        message(w, 2, () => {
          for (const n of value.shape) {
            message(w, 1, () => {
              if (typeof n === "number") int(w, 1, n);
              else text(w, 2, n);
            });
          }
        });
      });
    });
    if (value.doc !== undefined) text(w, 3, value.doc);
  });
}

function message(w: BinaryWriter, field: number, write: () => void): void {
  w.tag(field, WireType.LengthDelimited).fork();
  write();
  w.join();
}

function text(w: BinaryWriter, field: number, value: string): void {
  w.tag(field, WireType.LengthDelimited).string(value);
}

function int(w: BinaryWriter, field: number, value: number): void {
  w.tag(field, WireType.Varint).int64(value);
}
