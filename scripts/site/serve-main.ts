import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { siteServer } from "./serve.js";

const usage = "usage: npm run site:serve -- [--port PORT] [--isolated]";
const folder = fileURLToPath(new URL("../../site", import.meta.url));

function fail(text: string, code: number): void {
  process.stderr.write(`site:serve: ${text}\n`);
  process.exitCode = code;
}

function options(): { readonly port: number; readonly isolated: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        isolated: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (Number.isInteger(port) && port >= 0 && port < 65_536) {
      return { port, isolated: values.isolated };
    }
    fail(`expected a port from 0 to 65535, got ${values.port}; ${usage}`, 2);
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}; ${usage}`, 2);
  }
  return undefined;
}

const given = options();
if (given && !existsSync(`${folder}/index.html`)) {
  fail(`expected a page in ${folder}, got none; npm run site`, 1);
} else if (given) {
  const server = siteServer(folder, given);
  server.on("error", (error) => {
    fail(`${error.message}; choose another port by --port`, 1);
  });
  server.listen(given.port, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`http://127.0.0.1:${port}/\n`);
  });
}
