// What require() of the package gives: the same modules, which Node can require, and declarations that
// TypeScript takes for those of a CommonJS package.
import { cpSync, readdirSync, writeFileSync } from "node:fs";

const from = "dist";
const to = "dist/commonjs";

for (const name of readdirSync(from)) {
  if (name === "commonjs") continue;
  cpSync(`${from}/${name}`, `${to}/${name}`, {
    recursive: true,
    filter: (path) => !/\.\w+$/.test(path) || path.endsWith(".d.ts"),
  });
}
for (const entry of ["index", "node", "web"]) {
  writeFileSync(`${to}/${entry}.js`, `module.exports = require("../${entry}.js");\n`);
}
writeFileSync(`${to}/package.json`, '{ "type": "commonjs" }\n');
