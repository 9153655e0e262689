import { join } from "node:path";
import type { Project } from "./project.js";
import type { Trial } from "./types.js";

const nodes = ["20.19.0", "22.12.0", "24"] as const;

const training = `
  const model = iResNetDensity({ shape: [2], blocks: [2], widths: [16], c: 0.9 });
  const schedule = { kind: "constant", learningRate: 0.01 };
  const engine = await nodeEngine({ threads: 1 });
  const checkpoint = await fit(model, toyData("moons"), { steps: 5, batchSize: 16, schedule }, { engine });
  const runner = await openRunner(checkpoint, { engine });
  const { logProb } = await runner.score({ shape: [1, 2], data: Float64Array.of(0, 0) });
  await engine.close();
  if (!Number.isFinite(logProb.data[0])) throw new Error("expected a number");
  console.log("good");
`;

const programs = {
  import: [
    "runtime.mjs",
    `import { fit, iResNetDensity, openRunner, toyData } from "iresnet";\nimport { nodeEngine } from "iresnet/node";\n${training}`,
  ],
  "require()": [
    "runtime.cjs",
    `const { fit, iResNetDensity, openRunner, toyData } = require("iresnet");\nconst { nodeEngine } = require("iresnet/node");\n(async () => {${training}})();`,
  ],
} as const;

/** Trains and scores by each runtime, the package imported and required. */
export async function tryRuntimes(project: Project): Promise<Trial[]> {
  const arch = `${process.platform}-${process.arch}`;
  const bunArch = arch.replace("arm64", "aarch64");
  const platform = process.platform === "linux" ? `${arch}-glibc` : arch;
  await project.install(
    ...nodes.map((version) => `node-${version}@npm:node-${arch}@${version}`),
    `@oven/bun-${bunArch}`,
    `@deno/${platform}`,
  );
  const modules = join(project.folder, "node_modules");
  const runtimes: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(nodes.map((v) => [`Node ${v}`, [join(modules, `node-${v}/bin/node`)]])),
    Bun: [join(modules, `@oven/bun-${bunArch}/bin/bun`)],
    Deno: [join(modules, `@deno/${platform}/deno`), "run", "-A"],
  };
  const trials: Trial[] = [];
  for (const [column, [command, ...args]] of Object.entries(runtimes)) {
    for (const [row, [file, text]] of Object.entries(programs)) {
      await project.write({ [file]: text });
      const { isGood, output } = await project.run(command!, ...args, file);
      trials.push({ row, column, isGood: isGood && output.includes("good"), output });
    }
    const cli = join(modules, "iresnet/dist/cli/main.js");
    const { isGood, output } = await project.run(
      command!,
      ...args,
      cli,
      "info",
      "--presets",
      "--json",
    );
    trials.push({ row: "command line", column, isGood: isGood && output.includes("toy"), output });
  }
  return trials;
}
