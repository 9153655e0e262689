import { fileURLToPath } from "node:url";
import { buildDocs, docsText } from "./docs.js";

const folder = fileURLToPath(new URL("../../site/docs", import.meta.url));
process.stdout.write(docsText(await buildDocs(folder)));
process.stdout.write(`${folder}\n`);
