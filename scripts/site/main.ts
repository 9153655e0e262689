import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSite } from "./build.js";
import { buildDocs, docsText } from "./docs.js";

const mostBytes = 1e6;
const folder = fileURLToPath(new URL("../../site", import.meta.url));
const { firstLoad, wasm } = await buildSite(folder);
const total = firstLoad.reduce((sum, { bytes }) => sum + bytes, 0);
const line = (name: string, bytes: number): string =>
  `${name.padEnd(40)} ${(bytes / 1e3).toFixed(1).padStart(9)} kB\n`;
for (const { name, bytes } of firstLoad) process.stdout.write(line(name, bytes));
process.stdout.write(line("first load, before compression", total));
process.stdout.write(line(`then ${wasm.name}`, wasm.bytes));
process.stdout.write(docsText(await buildDocs(join(folder, "docs"))));
process.stdout.write(`${folder}\n`);
if (total > mostBytes) {
  process.stderr.write(`site: expected a first load of at most ${mostBytes} bytes, got ${total}\n`);
  process.exitCode = 1;
}
