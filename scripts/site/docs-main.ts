import { fileURLToPath } from "node:url";
import { buildDocs } from "./docs.js";

const folder = fileURLToPath(new URL("../../site/docs", import.meta.url));
const { files, bytes } = await buildDocs(folder);
process.stdout.write(`documentation: ${files} files, ${(bytes / 1e6).toFixed(1)} MB, ${folder}\n`);
