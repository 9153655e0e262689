import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const execute = promisify(execFile);

/** What a command printed, and whether it ended well. */
export interface Outcome {
  readonly isGood: boolean;
  readonly output: string;
}

/** A folder like a user's, outside this repository, in which the packed package is installed. */
export interface Project {
  readonly folder: string;
  /** Bytes of the packed package. */
  readonly tarball: { readonly path: string; readonly bytes: number };
  write(files: Readonly<Record<string, string>>): Promise<void>;
  install(...packages: readonly string[]): Promise<void>;
  run(command: string, ...args: readonly string[]): Promise<Outcome>;
  remove(): Promise<void>;
}

/** Packs this repository as it is built, and installs it into a new project. */
export async function createProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "iresnet-project-"));
  const run = async (command: string, ...args: readonly string[]): Promise<Outcome> => {
    try {
      const { stdout, stderr } = await execute(command, args, { cwd: folder, timeout: 300_000 });
      return { isGood: true, output: stdout + stderr };
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      return { isGood: false, output: stdout + stderr || String(error) };
    }
  };
  const install = async (...packages: readonly string[]): Promise<void> => {
    const { isGood, output } = await run("npm", "install", "--ignore-scripts", ...packages);
    if (!isGood) throw new Error(`npm install ${packages.join(" ")}: ${output}`);
  };
  const packed = await execute(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    { cwd: root },
  );
  const [{ filename, size }] = Object.values(JSON.parse(packed.stdout) as object) as [
    { readonly filename: string; readonly size: number },
  ];
  const path = join(folder, filename);
  await writeFile(join(folder, "package.json"), '{ "name": "user", "private": true }\n');
  await install(path);
  return {
    folder,
    tarball: { path, bytes: size },
    run,
    install,
    write: async (files) => {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), content);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
