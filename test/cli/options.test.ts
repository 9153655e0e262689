import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { CommanderError, type Command } from "commander";
import { completionScript } from "../../src/cli/completion.js";
import { columns, fitted } from "../../src/cli/help.js";
import { program } from "../../src/cli/program.js";
import { iresnet } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

/** What the command line prints of arguments that it refuses before it does anything. */
async function refusal(args: readonly string[]): Promise<string> {
  let printed = "";
  const silent = (command: Command): Command => {
    command.configureOutput({ writeErr: (text) => (printed += text) });
    command.commands.forEach(silent);
    return command;
  };
  await assert.rejects(
    silent(program()).parseAsync(args, { from: "user" }),
    (error) => error instanceof CommanderError && error.exitCode !== 0,
    args.join(" "),
  );
  return printed;
}

describe("options", () => {
  it("have ranges, which their errors tell", async () => {
    const cases: [string, RegExp][] = [
      ["train toy --threads 100000", /from 1 to 1,024/],
      ["train toy --workers 256", /from 1 to 64/],
      ["train toy --steps 9007199254740992", /from 1 to 1,000,000,000/],
      ["train toy --batch-size 1000000000", /from 1 to 100,000/],
      ["train toy --seed 9007199254740992", /of at least 0/],
      ["train toy --lr 0x10", /above 0 and at most 1000/],
      ["train toy --lr Infinity", /above 0 and at most 1000/],
      ["train toy --lr 1e400", /above 0 and at most 1000/],
      ["train toy --steps 1_000", /whole number/],
      ["train --data a.csv --holdout 1", /above 0 and below 1/],
      ["evaluate r --probes 1000000000", /from 1 to 1,000/],
      ["evaluate r --terms 1000000", /from 1 to 1,000/],
      ["evaluate r --terms 9007199254740992", /from 1 to 1,000/],
      ["sample r --count 10000000000000", /from 1 to 1,000,000,000,000\./],
      ["sample r --temperature 1e9", /from 0 to 1e6/],
      ["reconstruct r --tolerance 2", /above 0 and at most 1/],
      ["reproduce figure-toy --at-once 1000000000", /from 1 to 64/],
      ["reproduce table-anomaly --splits 1000000", /from 1 to 1,000/],
      ["reproduce figure-toy --budget 99999999999999h", /up to 1000h/],
    ];
    for (const [line, message] of cases) assert.match(await refusal(line.split(" ")), message);
  });

  it("that are paths aren't empty", async () => {
    for (const args of [
      ["train", "toy", "--out", ""],
      ["train", "--resume", ""],
      ["demo", "--out", " "],
      ["sample", "r", "--out", ""],
      ["reproduce", "figure-toy", "--out", ""],
      ["evaluate", ""],
    ]) {
      assert.match(await refusal(args), /Expected a path, got an empty one/);
    }
  });

  it("never touch the current folder for an empty --out", async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await iresnet(cwd, "train", "toy", "--steps", "1", "--out", "");
    assert.equal(code, 2, stderr);
    assert.deepEqual(readdirSync(cwd), []);
  });
});

describe("help", () => {
  it("of a command is what `help` shows", async () => {
    const cwd = temporaryFolder();
    const [shown, asked] = [
      await iresnet(cwd, "help", "train"),
      await iresnet(cwd, "train", "--help"),
    ];
    assert.equal(shown.code, 0, shown.stderr);
    assert.equal(shown.stdout, asked.stdout);
    for (const line of shown.stdout.split("\n")) assert.ok(line.length <= 80, line);
    assert.equal((await iresnet(cwd, "help", "trane")).code, 2);
  });

  it("fits a width: prose is wrapped, other lines go on further in", () => {
    const text = "some words that\nare prose\n\nExamples:\n  a long example line\n";
    assert.equal(
      fitted(text, 45),
      "some words that are prose\n\nExamples:\n  a long example line\n",
    );
    const narrow = `${"word ".repeat(20)}\n\n  ${"word ".repeat(20)}`.trim();
    for (const line of fitted(narrow, 50).split("\n")) assert.ok(line.length <= 50, line);
  });

  it("lists names in columns", () => {
    assert.equal(columns(["a", "b", "c", "d", "e"], 11), "  a  c  e\n  b  d");
    assert.equal(columns(["long name"], 5), "  long name");
  });
});

describe("completion", () => {
  const words = { train: ["toy", "mnist-density"] };

  /** What a shell offers after these words. */
  function offered(...typed: readonly string[]): string[] {
    const script = `${completionScript(program(), "bash", words)}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iresnet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", ...typed], {
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("offers commands, options and their values in bash", { skip: noBash() }, () => {
    assert.deepEqual(offered("iresnet", "da"), ["data"]);
    assert.deepEqual(offered("iresnet", "train", "mn"), ["mnist-density"]);
    assert.deepEqual(offered("iresnet", "train", "toy", "--check"), ["--checkpoint-every"]);
    assert.deepEqual(offered("iresnet", "evaluate", "r", "--split", ""), ["test", "validation"]);
    assert.deepEqual(offered("iresnet", "data", "ge"), ["get"]);
    assert.deepEqual(offered("iresnet", "train", "--steps", ""), []);
  });

  it("is a script for zsh and fish too", () => {
    assert.match(completionScript(program(), "zsh", words), /bashcompinit[^]*complete .* iresnet/);
    const fish = completionScript(program(), "fish", words);
    assert.match(fish, /^complete -c iresnet .*subcommand_from train' -a 'toy mnist-density'$/m);
    for (const line of fish.trim().split("\n")) assert.match(line, /^(#|complete -c iresnet) /);
  });
});

function noBash(): string | false {
  return spawnSync("bash", ["--version"]).status === 0 ? false : "needs bash";
}
