import { InferenceSession, Tensor } from "onnxruntime-node";
import { closable } from "../src/closable.js";
import type { Graph, Session } from "../src/engine/engine.js";
import { sessionOptions } from "../src/engine/node-session.js";
import { fastestTarget } from "../src/engine/probe.js";
import { bindInputs, outputName, toProgram, type Program } from "../src/engine/program.js";
import type { Target } from "../src/onnx/index.js";
import type { Arrays, NDArray } from "../src/tree.js";

export interface SessionSettings {
  readonly threads: number;
  readonly target: Target;
}

/** ONNX Runtime in this thread, set as the engine sets it in its worker. */
export class LocalSession {
  readonly #program: Program;
  readonly #session: InferenceSession;

  private constructor(program: Program, session: InferenceSession) {
    this.#program = program;
    this.#session = session;
  }

  /** @param profile prefix of a file to write ONNX Runtime's own profile to */
  static async create(
    program: Program,
    threads: number,
    { profile }: { readonly profile?: string } = {},
  ): Promise<LocalSession> {
    const session = await InferenceSession.create(program.bytes, {
      ...sessionOptions(threads),
      ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
    });
    return new LocalSession(program, session);
  }

  /** The outputs, not the updates. */
  async run(arrays: Arrays): Promise<Arrays> {
    const bound = bindInputs<NDArray>(this.#program, {}, new Map(Object.entries(arrays)));
    const feeds = Object.entries(bound).map(
      ([name, { data, shape }]) => [name, new Tensor("float32", data, shape)] as const,
    );
    const results = await this.#session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      this.#program.outputs.map((name) => {
        const { data, dims } = results[outputName(name)]!;
        return [name, { data: data as Float32Array, shape: dims }];
      }),
    );
  }

  /** Writes the profile, if there is one. */
  async close(): Promise<void> {
    this.#session.endProfiling();
    await this.#session.release();
  }
}

/** What the engine with this many threads would lower for. */
export function detectTarget(threads: number): Promise<Target> {
  return fastestTarget((target) => ({
    load: async (graph: Graph): Promise<Session> => {
      const program = toProgram(graph, { target });
      const session = await LocalSession.create(program, threads);
      return {
        inputs: Object.keys(program.inputs),
        run: (feeds) => session.run(feeds),
        ...closable(() => session.close()),
      };
    },
  }));
}
