import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import ts from "typescript";
import { program } from "../src/cli/program.js";
import { findPreset } from "../src/train/index.js";
import {
  blocksOf,
  commandsOf,
  pages,
  root,
  textOf,
  withoutRedirections,
} from "./support/markdown.js";

/** What a block of code may be, and by what it is tested; text is output, or a drawing. */
const languages = ["", "ts", "js", "sh", "python"];

/** Programs that blocks of shell may begin with, beside ours and npm. */
const others = [
  ...["mpirun", "apt-get", "node", "python3", "pip", "curl", "cd", "git"],
  ...["for", "done", "wait", "sort", "tail", "(head"],
];

const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  scripts: Record<string, string>;
};
const hasPython = spawnSync("python3", ["--version"]).status === 0;

for (const page of pages) {
  const blocks = blocksOf(page);
  const inLanguage = (name: string): string[] =>
    blocks.filter(({ language }) => language === name).map(({ code }) => code);

  describe(page, () => {
    it("has code in languages that are tested", () => {
      for (const { language } of blocks) assert.ok(languages.includes(language), language);
    });

    inLanguage("ts").forEach((code, i) => {
      it(`has a program ${i + 1} that runs`, () => {
        const output = run(code, `${page.replaceAll(/\W+/g, "-")}-${i + 1}.mjs`);
        assert.doesNotMatch(output, /\bNaN\b|\bundefined\b|^false$|\bno\b/m);
      });
    });

    inLanguage("js").forEach((code, i) => {
      it(`has a fragment ${i + 1} for a page whose names exist`, async () => {
        const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true });
        assert.deepEqual(diagnostics, []);
        for (const [, names, from] of code.matchAll(/import \{([^}]*)\} from "(iresnet[^"]*)"/g)) {
          const exported = (await import(from!)) as object;
          for (const name of names!.split(",").map((one) => one.trim())) {
            assert.ok(name in exported, `${name} of ${from}`);
          }
        }
      });
    });

    it("has commands that our command line takes", async () => {
      for (const code of inLanguage("sh")) {
        for (const command of commandsOf(code)) await expectTaken(withoutRedirections(command));
      }
    });

    it("has Python that parses", { skip: !hasPython }, () => {
      for (const code of inLanguage("python")) {
        const check = "import ast, sys; ast.parse(sys.stdin.read())";
        execFileSync("python3", ["-c", check], { input: code });
      }
    });

    it("has links to files and headings that exist", () => {
      for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) expectLink(page, target!);
    });

    it("says which command made each picture", () => {
      for (const section of textOf(page).split(/^#+ /m)) {
        if (section.includes("](pictures/") || section.includes("](docs/pictures/")) {
          assert.match(section, /(iresnet|npm run) \w+/, section);
        }
      }
    });
  });
}

/** Runs a program inside the package, so that its own name leads to its exports. */
function run(code: string, name: string): string {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const folder = new URL("build/docs/", root);
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL(name, folder));
  writeFileSync(file, outputText);
  return execFileSync(process.execPath, [file], { encoding: "utf8" });
}

/** Fails unless our parser, or npm, knows a command with its options. */
async function expectTaken(words: readonly string[]): Promise<void> {
  const at = words.indexOf("iresnet");
  if (at >= 0 && words[0] !== "npm") {
    const parser = idle(program());
    const args = words.slice(at + 1).map((word) => word.replaceAll(/\$\w+/g, "1"));
    const text = words.join(" ");
    await assert.doesNotReject(parser.parseAsync(args, { from: "user" }), text);
    const [command, preset] = args;
    if (command === "train" && preset && /^[a-z0-9-]+$/.test(preset) && !preset.startsWith("-")) {
      assert.ok(findPreset(preset), text);
    }
    return;
  }
  const [name, verb, script] = words;
  if (name === "npm" && verb === "run")
    assert.ok(Object.hasOwn(scripts, script ?? ""), words.join(" "));
  else if (name === "npm") assert.ok(["ci", "install", "test"].includes(verb!), words.join(" "));
  else assert.ok(others.includes(name!), words.join(" "));
}

/** The command line with nothing behind it. */
function idle(command: Command): Command {
  if (command.commands.length === 0) command.action(() => undefined);
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  command.commands.forEach(idle);
  return command;
}

function expectLink(page: string, target: string): void {
  if (/^(https?|mailto):/.test(target)) return;
  const [path, heading] = target.split("#") as [string, string?];
  const file = path === "" ? page : new URL(path, new URL(page, root)).href;
  const url = new URL(file, root);
  assert.ok(existsSync(url), `${page}: ${target}`);
  if (heading === undefined) return;
  const headings = [...readFileSync(url, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    slugOf(text!),
  );
  assert.ok(headings.includes(heading), `${page}: ${target} of ${headings.join()}`);
}

/** The anchor that forges give a heading. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}
