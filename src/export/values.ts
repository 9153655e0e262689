import type { ValueProto } from "../onnx/index.js";
import type { Shape } from "../tree.js";

/** A value that a file takes or gives, for each row of a batch. */
export interface FileValue {
  readonly type: "float" | "double";
  /** Of a row. */
  readonly shape: Shape;
  /** What it is, for people. */
  readonly what: string;
}

export type FileValues = Readonly<Record<string, FileValue>>;

/** The values with the batch's axis before those of a row. */
export function valueProtos(values: FileValues): ValueProto[] {
  return Object.entries(values).map(([name, { type, shape, what }]) => ({
    name,
    type,
    shape: ["batch", ...shape],
    doc: what,
  }));
}
