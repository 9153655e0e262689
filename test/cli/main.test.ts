import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { presets } from "../../src/train/presets/index.js";
import { iresnet, mainFile } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("iresnet", () => {
  const cwd = temporaryFolder();

  it("shows help on stdout", async () => {
    for (const args of [[], ["--help"]]) {
      const { code, stdout, stderr } = await iresnet(cwd, ...args);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: iresnet/);
      for (const name of ["train", "evaluate", "sample", "reconstruct", "info", "data", "demo"]) {
        assert.match(stdout, new RegExp(`^  ${name}\\b`, "m"));
      }
      assert.equal(stderr, "");
    }
  });

  it("shows a command's help with simple options before advanced ones", async () => {
    const { code, stdout } = await iresnet(cwd, "train", "--help");
    assert.equal(code, 0);
    const places = ["Usage:", "Simple options:", "Advanced options:", "Examples:"].map((heading) =>
      stdout.indexOf(heading),
    );
    assert.ok(
      places.every((place, i) => place > (places[i - 1] ?? -1)),
      stdout,
    );
  });

  it("prints its version", async () => {
    const { code, stdout } = await iresnet(cwd, "--version");
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it("names the choices after a wrong one, with exit code 2", async () => {
    const cases: [string[], RegExp][] = [
      [["trane"], /unknown command 'trane'[^]*Commands: .*train/],
      [
        ["train", "toy", "--data-dir", "."],
        /--data-dir: expected data that are read .* 8gaussians/,
      ],
      [["train", "toy", "--stepz", "3"], /unknown option '--stepz'[^]*Options: .*--steps/],
      [["train", "mnist-clasifier"], /got "mnist-clasifier"; did you mean "mnist-classifier"/],
      [["train"], /expected a preset, --data with a file or a folder of pictures, or --resume/],
      [["train", "toy", "--data", "spirals"], /expected one of .*2spirals.*got "spirals"/],
      [["train", "toy", "--activation", "tanh"], /choices are elu, /],
      [["train", "toy", "--steps", "0"], /whole number from 1 to /],
      [["train", "toy", "--steps", "1e3"], /whole number from 1 to /],
      [["train", "toy", "--lr", "fast"], /Expected a number/],
      [["train", "toy", "--c", "NaN"], /Expected a number/],
      ...["1.2", "1", "0", "-0.5"].map((c): [string[], RegExp] => [
        ["train", "mnist-classifier", "--c", c],
        /above 0 and below 1/,
      ]),
      [["train", "toy", "--vanilla"], /vanilla: expected a classifier, got i-resnet-density/],
      [["train", "toy", "--c", "0.5", "--vanilla"], /cannot be used with/],
      [["train", "toy", "--threads", "0"], /whole number from 1 to /],
      [["train", "toy", "--workers", "many"], /whole number from 1 to 64/],
      [["train", "toy", "--workers", "3"], /divides the batch of 256, got 3/],
      [["train", "toy", "--resume", "runs/a"], /expected no preset/],
      [["train", "--resume", "runs/a", "--seed", "9"], /got seed/],
      [["evaluate"], /missing required argument 'run'/],
      [["evaluate", "runs/a", "--split", "train"], /choices are test, validation/],
      [["sample", "runs/a", "--temperature", "-1"], /from 0 to 1e6/],
      [["data", "get", "imagenet"], /expected one of mnist, .*got "imagenet"/],
      [["info", "--models", "--presets"], /got several/],
    ];
    const check = async ([args, message]: [string[], RegExp]): Promise<void> => {
      const { code, stdout, stderr } = await iresnet(cwd, ...args);
      assert.match(stderr, message, args.join(" "));
      assert.doesNotMatch(stderr, /^ {4}at /m, args.join(" "));
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
    };
    await Promise.all(cases.map(check));
  });

  it("lists models, presets and data sets, as text and as JSON", async () => {
    const listed = await iresnet(cwd, "info", "--presets", "--json");
    assert.equal(listed.code, 0);
    assert.equal(listed.stdout.trim().split("\n").length, 1);
    const names = (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names, Object.keys(presets));

    const models = await iresnet(cwd, "info", "--models");
    assert.match(models.stdout, /^i-resnet-density +density +2019/m);
    const described = await iresnet(cwd, "info", "--models", "--json");
    const all = JSON.parse(described.stdout) as { kind: string; presets: string[] }[];
    assert.deepEqual(
      all.flatMap((model) => model.presets).sort(),
      Object.keys(presets).sort(),
      "each preset belongs to a model",
    );
    assert.deepEqual(
      all.find(({ kind }) => kind === "resnet"),
      {
        kind: "resnet",
        name: "ResNet",
        task: "classification",
        year: 2016,
        paper:
          "He et al., Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027",
        presets: [
          "mnist-resnet",
          "cifar-10-resnet",
          "cifar-100-resnet",
          "cifar-10-resnet-paper",
          "cifar-100-resnet-paper",
        ],
      },
    );

    const data = await iresnet(cwd, "data", "list");
    assert.match(data.stdout, /^mnist +images +iresnet data get mnist$/m);
    assert.match(data.stdout, /^8gaussians +2-D density/m);
  });

  it("describes the installation", async () => {
    const { code, stdout } = await iresnet(cwd, "info", "--threads", "1", "--json");
    assert.equal(code, 0);
    const { engine } = JSON.parse(stdout) as { engine: string };
    assert.match(engine, /onnxruntime-node .* 1 thread/);
  });

  it("survives a reader that goes away", { skip: process.platform === "win32" }, () => {
    const command = `"${process.execPath}" "${mainFile}" info --presets --json | true; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(status, 0);
  });
});
