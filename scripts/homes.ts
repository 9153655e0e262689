import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Outcome, Project } from "./project.js";
import type { Trial } from "./types.js";

const execute = promisify(execFile);

/** Versions of Node with the npm that comes with each. */
const versions = [
  ["20", "10.8.2"],
  ["22", "10.9.4"],
  ["24", "11.6.1"],
] as const;

/** The README's commands, in the order in which a user types them. */
const commands = (tarball: string): Readonly<Record<string, readonly string[]>> => ({
  "npm install": ["npm", "install", tarball, "--ignore-scripts"],
  "npx iresnet train": [
    "npx",
    "iresnet",
    "train",
    "--data",
    "sensors.csv",
    "--out",
    "runs/sensors",
  ],
  "npx iresnet score": [
    ...["npx", "iresnet", "score", "runs/sensors", "sensors.csv", "--out", "scores.csv"],
  ],
  "npx iresnet sample": ["npx", "iresnet", "sample", "runs/sensors", "--out", "more.csv"],
});

const sensors = [
  "length,mass",
  ...Array.from({ length: 300 }, (_, i) => `${1200 + Math.sin(7 * i)},${Math.cos(11 * i)}`),
].join("\n");

/**
 * Types the README's commands in an empty home, with nothing in the environment but a path and where
 * certificates are, under each Node and its own npm. A warning of npm counts as a failure.
 */
export async function tryHomes(project: Project): Promise<Trial[]> {
  const arch = `${process.platform}-${process.arch}`;
  const tools = versions.flatMap(([node, npm]) => [
    `node-${node}@npm:node-${arch}@${node}`,
    `npm-${node}@npm:npm@${npm}`,
  ]);
  await project.install(...tools);
  const trials: Trial[] = [];
  for (const [node, npm] of versions) {
    const home = await mkdtemp(join(tmpdir(), "iresnet-home-"));
    try {
      const path = await toolsIn(home, join(project.folder, "node_modules"), node);
      const work = join(home, "work");
      await mkdir(work);
      await writeFile(join(work, "sensors.csv"), sensors);
      for (const [row, command] of Object.entries(commands(project.tarball.path))) {
        const { isGood, output } = await typed(command, { home, path, work });
        const isQuiet = !/npm warn|npm error/i.test(output);
        trials.push({ row, column: `Node ${node}, npm ${npm}`, isGood: isGood && isQuiet, output });
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }
  return trials;
}

/** A folder of commands that run one version of Node and its npm. */
async function toolsIn(home: string, modules: string, version: string): Promise<string> {
  const path = join(home, "bin");
  await mkdir(path);
  const node = join(modules, `node-${version}/bin/node`);
  const npm = join(modules, `npm-${version}/bin`);
  for (const [name, script] of [
    ["node", ""],
    ["npm", join(npm, "npm-cli.js")],
    ["npx", join(npm, "npx-cli.js")],
  ] as const) {
    await writeFile(
      join(path, name),
      `#!/bin/sh\nexec "${node}" ${script && `"${script}"`} "$@"\n`,
    );
    await chmod(join(path, name), 0o755);
  }
  return path;
}

async function typed(
  [name, ...args]: readonly string[],
  { home, path, work }: { readonly home: string; readonly path: string; readonly work: string },
): Promise<Outcome> {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  const env = {
    HOME: home,
    PATH: `${path}:/usr/bin:/bin`,
    ...(certificates !== undefined && { NODE_EXTRA_CA_CERTS: certificates }),
  };
  try {
    const { stdout, stderr } = await execute(name!, args, { cwd: work, env, timeout: 600_000 });
    return { isGood: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { isGood: false, output: stdout + stderr || String(error) };
  }
}
