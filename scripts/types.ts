import type { Project } from "./project.js";

/** One cell of a matrix. */
export interface Trial {
  readonly row: string;
  readonly column: string;
  readonly isGood: boolean;
  /** What was printed, where it isn't good. */
  readonly output: string;
}

const compilers = ["5.4", "5.6", "5.8", "5.9", "6.0"] as const;

/** Where declarations are looked for, and with which of the platform's own beside. */
const settings = {
  "NodeNext, ES modules": { type: "module", module: "nodenext", moduleResolution: "nodenext" },
  "Node16, CommonJS": { type: "commonjs", module: "node16", moduleResolution: "node16" },
  Bundler: { type: "module", module: "esnext", moduleResolution: "bundler" },
} as const;

const program = `
import { fit, iResNetDensity, openRunner, Random, toyData, type Checkpoint, type Engine } from "iresnet";
import { nodeEngine } from "iresnet/node";
import { webEngine } from "iresnet/web";

export async function density(engine: Engine): Promise<Checkpoint> {
  const model = iResNetDensity({ shape: [2], blocks: [4], widths: [32], c: 0.9 });
  const schedule = { kind: "cosine", learningRate: 0.01 } as const;
  return fit(model, toyData("moons"), { steps: 2, batchSize: 8, schedule }, { engine });
}

export async function use(): Promise<Float64Array | Float32Array> {
  const engine = await nodeEngine({ threads: 1 });
  const runner = await openRunner(await density(engine), { engine });
  const { logProb } = await runner.score(await runner.sample(5, { random: Random.fromSeed(0) }));
  return logProb.data;
}

export const inPage = (): Promise<Engine> => webEngine({ assets: "/iresnet/" });
`;

/** Compiles a program against the declarations, which are checked too, by each compiler and setting. */
export async function tryTypes(project: Project): Promise<Trial[]> {
  await project.install(
    "@types/node@20",
    ...compilers.map((v) => `typescript-${v}@npm:typescript@${v}`),
  );
  const trials: Trial[] = [];
  for (const [setting, { type, ...options }] of Object.entries(settings)) {
    for (const lib of [["ES2022"], ["ES2022", "DOM", "DOM.Iterable"]]) {
      await project.write({
        "types/package.json": JSON.stringify({ type }),
        "types/use.ts": program,
        "types/tsconfig.json": JSON.stringify({
          compilerOptions: {
            ...options,
            lib,
            target: "es2022",
            types: ["node"],
            strict: true,
            noEmit: true,
            skipLibCheck: false,
          },
        }),
      });
      for (const version of compilers) {
        const compiler = `node_modules/typescript-${version}/bin/tsc`;
        const outcome = await project.run(process.execPath, compiler, "-p", "types");
        const row = `${setting}, ${lib.length > 1 ? "with" : "without"} DOM`;
        trials.push({ row, column: `TypeScript ${version}`, ...outcome });
      }
    }
  }
  return trials;
}
