import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { soakFiles } from "./files.js";
import { soakGrowth } from "./growth.js";
import { soakKills } from "./kills.js";
import { soakOptions } from "./options.js";
import type { Soaked } from "./soaked.js";

/** A part: how much of it by default (minutes of `growth`), and the part itself. */
const parts: Readonly<
  Record<string, readonly [number, (root: string, amount: number, seed: number) => Promise<Soaked>]>
> = {
  kills: [200, soakKills],
  files: [10_000, soakFiles],
  options: [300, soakOptions],
  growth: [60, (_, minutes) => soakGrowth(minutes)],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { amount: { type: "string" }, seed: { type: "string", default: "1" } },
});
const [name] = positionals;
if (name === undefined) {
  // Each in a process of its own, so that its memory is its own.
  for (const part of Object.keys(parts)) {
    const args = [fileURLToPath(import.meta.url), part, "--seed", values.seed];
    const child = spawn(process.execPath, args, { stdio: "inherit" });
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) process.exitCode = 1;
  }
} else if (parts[name]) {
  const [usual, soak] = parts[name];
  const root = await mkdtemp(join(tmpdir(), "iresnet-soak-"));
  const begun = performance.now();
  try {
    const { figures, failures } = await soak(
      root,
      Number(values.amount ?? usual),
      Number(values.seed),
    );
    const minutes = Number(((performance.now() - begun) / 60_000).toFixed(1));
    const all = { part: name, seed: Number(values.seed), ...figures, failures: failures.length };
    console.log(JSON.stringify({ ...all, minutes }));
    for (const failure of failures) console.error(`\n${failure}`);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
} else {
  console.error(`usage: npm run soak -- [${Object.keys(parts).join("|")}] [--amount N] [--seed N]`);
  process.exitCode = 2;
}
