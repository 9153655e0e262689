import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { chromium, type Browser } from "playwright-core";
import type { Project } from "./project.js";
import type { Trial } from "./types.js";

const page = (library: string, web: string): string => `
import { fit, iResNetDensity, toyData } from "${library}";
import { webEngine } from "${web}";

async function train() {
  const engine = await webEngine({ assets: "/iresnet/" });
  const model = iResNetDensity({ shape: [2], blocks: [2], widths: [16], c: 0.9 });
  const schedule = { kind: "constant", learningRate: 0.01 };
  await fit(model, toyData("moons"), { steps: 3, batchSize: 16, schedule }, { engine });
  return "trained by " + engine.description;
}
train().then((text) => (document.title = text), (error) => (document.title = "failed: " + error));
`;

const html = (script: string): string =>
  `<!doctype html><title>waiting</title><script type="module" src="${script}"></script>\n`;

/** A bundler: what it is installed as, and how it makes \`public/main.js\` of \`main.js\`. */
const bundlers = {
  "Vite, build": { packages: ["vite"], command: ["npx", "vite", "build"], folder: "dist" },
  webpack: {
    packages: ["webpack", "webpack-cli"],
    command: ["npx", "webpack", "./main.js", "--mode", "production", "-o", "public"],
    folder: "public",
  },
  Rspack: {
    packages: ["@rspack/core", "@rspack/cli"],
    command: [
      "npx",
      "rspack",
      "build",
      "--entry",
      "./main.js",
      "--mode",
      "production",
      "-o",
      "public",
    ],
    folder: "public",
  },
  esbuild: {
    packages: ["esbuild"],
    command: ["npx", "esbuild", "main.js", "--bundle", "--format=esm", "--outfile=public/main.js"],
    folder: "public",
  },
} as const;

/** Trains in a page of Chromium, built by each bundler without a configuration, and by none. */
export async function tryBundlers(project: Project): Promise<Trial[]> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error("no Chromium here; name one in CHROMIUM");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const trials: Trial[] = [];
  const column = "trains in a page";
  try {
    await project.install("onnxruntime-web@1.30.0");
    const copied = await project.run("npx", "iresnet", "web-assets", "public/iresnet");
    if (!copied.isGood) throw new Error(copied.output);
    await project.write({
      "main.js": page("iresnet", "iresnet/web"),
      "index.html": html("/main.js"),
    });
    for (const [row, { packages, command, folder }] of Object.entries(bundlers)) {
      await project.install(...packages);
      const [name, ...args] = command;
      const built = await project.run(name, ...args);
      if (row !== "Vite, build") await project.write({ "public/index.html": html("/main.js") });
      const output = built.isGood
        ? await titleServed(browser, join(project.folder, folder))
        : built.output;
      trials.push({ row, column, isGood: output.startsWith("trained"), output });
      await project.run("rm", "-f", "public/index.html", "public/main.js");
    }
    const inDevelopment = await titleInDevelopment(browser, project);
    trials.push({
      row: "Vite, development",
      column,
      isGood: inDevelopment.startsWith("trained"),
      output: inDevelopment,
    });
    await project.write({
      "public/none.js": page("/iresnet/iresnet.js", "/iresnet/iresnet.js"),
      "public/index.html": html("/none.js"),
    });
    const output = await titleServed(browser, join(project.folder, "public"));
    trials.push({ row: "none", column, isGood: output.startsWith("trained"), output });
  } finally {
    await browser.close();
  }
  return trials;
}

/** The title that a page gives itself once it has trained, or failed. */
async function titleOf(browser: Browser, url: string): Promise<string> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  try {
    await page.goto(url);
    await page.waitForFunction("document.title !== 'waiting'", undefined, { timeout: 60_000 });
    return await page.title();
  } catch (error) {
    return `${String(error)} ${problems.join(" ")}`;
  } finally {
    await page.close();
  }
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

async function titleServed(browser: Browser, folder: string): Promise<string> {
  const server = createServer(({ url = "/" }, response) => {
    const path = join(folder, url === "/" ? "index.html" : url);
    readFile(path).then(
      (content) =>
        response.writeHead(200, { "Content-Type": types[extname(path)] ?? "" }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await titleOf(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** As Vite's development server has it. */
async function titleInDevelopment(browser: Browser, { folder }: Project): Promise<string> {
  const vite = join(folder, "node_modules/vite/bin/vite.js");
  const server = spawn(process.execPath, [vite, "--host", "127.0.0.1"], { cwd: folder });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let output = "";
      server.stdout.on("data", (piece: Buffer) => {
        output += piece.toString();
        const plain = stripVTControlCharacters(output);
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(plain)?.[0];
        if (found !== undefined) resolve(found);
      });
      server.on("exit", () => {
        reject(new Error(output));
      });
    });
    return await titleOf(browser, url);
  } finally {
    server.kill();
  }
}
