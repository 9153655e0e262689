import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { soakGrowth } from "./growth.js";
import { soakKills } from "./kills.js";
import { soakWords } from "./words.js";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    files: { type: "string", default: "10000" },
    words: { type: "string", default: "300" },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});

/** Readers that the fuzzing of files has. */
const readers = 14;

/** Mutates so many files; each reader must read or refuse them. Tells the most memory that took. */
async function soakFiles(count: number, seed: string): Promise<string> {
  const runs = Math.ceil(count / readers);
  const script = fileURLToPath(new URL("../fuzz/files.test.js", import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", script], {
    env: { ...process.env, FUZZ_RUNS: String(runs), FUZZ_SEED: seed },
    stdio: ["ignore", "inherit", "inherit"],
  });
  let most = 0;
  const watch = setInterval(() => {
    void readFile(`/proc/${child.pid}/status`, "utf8").then(
      (status) => (most = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? most)),
      () => undefined,
    );
  }, 100);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`files: a reader failed, see above (seed ${seed})`);
  return `${runs * readers} mutated files over ${readers} readers: read or refused, ${Math.round(most / 1024)} MB at most`;
}

const root = await mkdtemp(join(tmpdir(), "iresnet-soak-"));
const parts: Readonly<Record<string, () => Promise<string>>> = {
  kills: () => soakKills(root, Number(values.kills)),
  files: () => soakFiles(Number(values.files), values.seed),
  words: () => soakWords(root, Number(values.words), Number(values.seed)),
  growth: () => soakGrowth(Number(values.minutes)),
};
const amounts: Readonly<Record<string, string>> = { ...values, growth: values.minutes };
try {
  for (const [name, part] of Object.entries(parts)) {
    if (amounts[name] !== "0") console.log(`${name}: ${await part()}`);
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
