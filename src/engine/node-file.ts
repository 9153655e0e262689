import { expectKind } from "../border/kinds.js";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expectOptions } from "../border/options.js";
import { closable, type Closable } from "../closable.js";
import { UsageError } from "../errors.js";
import type { FileArrays } from "../tree.js";

export interface OnnxFileOptions {
  /** Threads a run computes on; one unless given. */
  readonly threads?: number;
  /** ONNX Runtime's optimiser: all of it unless given, as others run a file. */
  readonly optimise?: "all" | "disabled";
}

/** An ONNX file that ONNX Runtime has loaded in the calling thread. */
export interface OnnxFile extends Closable {
  run(inputs: FileArrays): Promise<FileArrays>;
}

/**
 * Loads an exported file as another program would, without this package's engine.
 * @throws {Error} of ONNX Runtime, if it can't.
 */
export async function openOnnxFile(
  bytes: Uint8Array,
  options: OnnxFileOptions = {},
): Promise<OnnxFile> {
  expectKind(bytes, "bytes", "openOnnxFile");
  expectOptions(options, ["threads", "optimise"], "openOnnxFile");
  const { threads = 1, optimise = "all" } = options;
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: optimise,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  return {
    run: async (inputs) => {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) => [
          name,
          data instanceof Float64Array
            ? new Tensor("float64", data, shape)
            : new Tensor("float32", data, shape),
        ]),
      );
      const results = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([name, { data, dims }]) => {
          if (!(data instanceof Float32Array || data instanceof Float64Array)) {
            throw new UsageError(`openOnnxFile: expected numbers for ${name}, got another type`);
          }
          return [name, { shape: dims, data }];
        }),
      );
    },
    ...closable(() => session.release()),
  };
}
