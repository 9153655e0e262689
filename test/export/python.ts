import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { FileArrays } from "../../src/tree.js";

/** A Python that has the module. */
export function pythonWith(module: string): string | undefined {
  return ["python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", `import ${module}`]).status === 0,
  );
}

/** Takes a line {path, inputs} and gives one of outputs: [type, shape, base64]. */
const server = `
import base64, json, sys
import numpy as np, onnxruntime as ort
for line in sys.stdin:
    path, inputs = json.loads(line)
    session = ort.InferenceSession(path)
    feeds = {n: np.frombuffer(base64.b64decode(b), t).reshape(s) for n, (t, s, b) in inputs.items()}
    names = [one.name for one in session.get_outputs()]
    results = zip(names, session.run(None, feeds))
    told = {n: [v.dtype.name, v.shape, base64.b64encode(v.tobytes()).decode()] for n, v in results}
    print(json.dumps(told), flush=True)
`;

type Told = Readonly<Record<string, readonly [type: string, shape: number[], base64: string]>>;

/** Runs files in Python's ONNX Runtime, one at a time. */
export class PythonRuntime {
  readonly #process;
  readonly #lines;

  constructor(python: string) {
    this.#process = spawn(python, ["-c", server], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  async run(path: string, inputs: FileArrays): Promise<FileArrays> {
    const given = Object.entries(inputs).map(([name, { shape, data }]) => {
      const type = data instanceof Float64Array ? "float64" : "float32";
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [name, [type, shape, bytes.toString("base64")]] as const;
    });
    this.#process.stdin.write(`${JSON.stringify([path, Object.fromEntries(given)])}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error("python3: ended without an answer");
    const told = JSON.parse(line.value) as Told;
    return Object.fromEntries(
      Object.entries(told).map(([name, [type, shape, base64]]) => {
        const { buffer } = Uint8Array.from(Buffer.from(base64, "base64"));
        const data = type === "float64" ? new Float64Array(buffer) : new Float32Array(buffer);
        return [name, { shape, data }];
      }),
    );
  }

  close(): void {
    this.#process.stdin.end();
  }
}
