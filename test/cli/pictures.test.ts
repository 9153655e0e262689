import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { decode } from "fast-png";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { kinds, writePictures } from "../images/pictures.js";
import { tableOf } from "../tables/measurements.js";
import { iresnet, start, type Finished } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

const size = [8, 12] as const;

describe("a folder of pictures on the command line", () => {
  const cwd = temporaryFolder();
  const trained: Record<string, Finished> = {};

  before(async () => {
    await writePictures(join(cwd, "mine"), 80, { size });
    await writePictures(join(cwd, "fresh"), 12, { size, seed: 2 });
    const train = (model: string, ...more: string[]) =>
      iresnet(
        cwd,
        ...["train", "--data", "mine", "--model", model, "--out", `runs/${model}`],
        ...["--threads", "1", "--workers", "1", "--json", ...more],
      );
    trained.density = await train("i-resnet-density", "--steps", "20");
    trained.classifier = await train("i-resnet-classifier", "--steps", "30");
  });

  const columnsOf = async (file: string) =>
    new Map(
      (await tableOf(readFileSync(join(cwd, file), "utf8"))).columns.map((one) => [one.name, one]),
    );
  const numbers = async (file: string, name: string): Promise<readonly number[]> => {
    const column = (await columnsOf(file)).get(name);
    return column && column.kind !== "text" ? Array.from(column.values) : [];
  };

  it("trains a density and a classifier by one command each", () => {
    for (const [name, { code, stdout, stderr }] of Object.entries(trained)) {
      assert.equal(code, 0, stderr);
      assert.match(stderr, /80 pictures of 12 x 8 \(width x height\)/);
      assert.match(stderr, /read +100%/);
      const { evaluation } = JSON.parse(stdout) as { evaluation: { task: string } };
      assert.equal(evaluation.task, name === "density" ? "density" : "classification");
    }
  });

  it("scores other pictures, a damaged one reported in its row", async () => {
    await writePictures(join(cwd, "odd"), 4, { size, seed: 3 });
    await rename(join(cwd, "odd/light/000.png"), join(cwd, "odd/flat.png"));
    await writeFile(join(cwd, "odd/light/001b.png"), "no picture");
    const scored = await iresnet(
      cwd,
      ...["score", "runs/i-resnet-density", "odd", "--out", "odd.csv", "--json"],
    );
    assert.equal(scored.code, 0, scored.stderr);
    assert.match(scored.stderr, /warning: .*001b\.png: expected a PNG, JPEG or WebP picture/);
    const summary = JSON.parse(scored.stdout) as Record<string, unknown>;
    assert.deepEqual([summary.pictures, summary.unread], [5, 1]);
    const file = (await columnsOf("odd.csv")).get("file");
    assert.ok(file?.kind === "text");
    assert.deepEqual(file.dictionary, [
      ...["flat.png", "light/001b.png", "light/002.png", "striped/001.png", "striped/003.png"],
    ]);
    const p = await numbers("odd.csv", "p_value");
    p.forEach((one, row) => {
      if (row === 1) assert.ok(Number.isNaN(one));
      else assert.ok(one >= 1 / 13 && one <= 1);
    });
    const [logProb, bits] = [
      await numbers("odd.csv", "log_p"),
      await numbers("odd.csv", "bits_per_dim"),
    ];
    assert.ok(Math.abs(bits[0]! + logProb[0]! / (288 * Math.LN2)) < 1e-6);
    // The classes of a folder don't matter to a density, and a picture alone is scored as in it.
    const one = await iresnet(
      cwd,
      ...["score", "runs/i-resnet-density", "odd/flat.png", "--out", "one.csv"],
    );
    assert.equal(one.code, 0, one.stderr);
    const [alone] = await numbers("one.csv", "log_p");
    assert.ok(Math.abs(alone! - logProb[0]!) < 1e-2);
  });

  it("evaluates on what is held out, and on other folders, by class", async () => {
    const held = await iresnet(cwd, "evaluate", "runs/i-resnet-density", "--json");
    assert.equal(held.code, 0, held.stderr);
    assert.equal((JSON.parse(held.stdout) as { examples: number }).examples, 12);
    const other = await iresnet(
      cwd,
      ...["evaluate", "runs/i-resnet-classifier", "--data", "fresh", "--json"],
    );
    assert.equal(other.code, 0, other.stderr);
    const { examples, errors } = JSON.parse(other.stdout) as { examples: number; errors: number };
    assert.equal(examples, 12);
    assert.ok(errors <= 3, `${errors} errors`);
  });

  it("classifies, and writes classes by name", async () => {
    const { code, stderr } = await iresnet(
      cwd,
      ...["score", "runs/i-resnet-classifier", "fresh", "--out", "classes.csv"],
    );
    assert.equal(code, 0, stderr);
    const column = (await columnsOf("classes.csv")).get("class");
    assert.ok(column?.kind === "text");
    assert.ok(column.dictionary.every((name) => kinds.some((kind) => kind === name)));
    const probability = await numbers("classes.csv", "probability");
    assert.ok(probability.every((one) => one >= 0.5 && one <= 1));
  });

  it("goes on after Ctrl-C, or a change of its length, to the same bits", async () => {
    const begin = (out: string): string[] => [
      ...["train", "--data", "mine", "--out", out, "--steps", "20", "--threads", "1"],
      ...["--workers", "1"],
    ];
    const { child, finished } = start(cwd, ...begin("runs/cut"));
    const stop = (text: string): void => {
      if (!/train +\d+%/.test(text)) return;
      child.stderr!.off("data", stop);
      child.kill("SIGINT");
    };
    child.stderr!.on("data", stop);
    const { code, stderr } = await finished;
    assert.equal(code, 130, stderr);
    const resumed = await iresnet(cwd, "train", "--resume", "runs/cut");
    assert.equal(resumed.code, 0, resumed.stderr);
    const stateOf = async (run: string) => {
      const { arrays, training, data } = await loadCheckpoint(join(cwd, run));
      return { arrays, best: training?.best, step: training?.step, data };
    };
    assert.deepEqual(await stateOf("runs/cut"), await stateOf("runs/i-resnet-density"));

    const longer = ["--steps", "24", "--lr", "0.0005"];
    const changed = await iresnet(cwd, "train", "--resume", "runs/cut", ...longer, "--json");
    assert.equal(changed.code, 0, changed.stderr);
    assert.equal((await stateOf("runs/cut")).step, 24);
    await rename(join(cwd, "mine/light/000.png"), join(cwd, "000.png"));
    const fewer = await iresnet(cwd, "train", "--resume", "runs/cut", "--steps", "30");
    await rename(join(cwd, "000.png"), join(cwd, "mine/light/000.png"));
    assert.equal(fewer.code, 1, fewer.stderr);
    assert.match(fewer.stderr, /expected the 80 pictures that the run began with, got 79/);
  });

  it("leaves nothing of scores that Ctrl-C ended", async () => {
    await writePictures(join(cwd, "many"), 600, { size });
    const args = ["score", "runs/i-resnet-density", "many", "--out", "ended/scores.csv"];
    const { child, finished } = start(cwd, ...args);
    const stop = (text: string): void => {
      if (!/score +\d+%/.test(text)) return;
      child.stderr!.off("data", stop);
      child.kill("SIGINT");
    };
    child.stderr!.on("data", stop);
    const { code, stderr } = await finished;
    assert.equal(code, 130, stderr);
    assert.deepEqual(readdirSync(join(cwd, "ended")), []);
  });

  it("samples a sheet or single pictures, and reconstructs", async () => {
    for (const out of ["sheet.png", "sheet.svg", "singles/"]) {
      const sampled = await iresnet(
        cwd,
        ...["sample", "runs/i-resnet-density", "--count", "3", "--out", out],
      );
      assert.equal(sampled.code, 0, sampled.stderr);
    }
    assert.deepEqual(readdirSync(join(cwd, "singles")), ["0001.png", "0002.png", "0003.png"]);
    const { width, height, channels } = decode(readFileSync(join(cwd, "singles/0002.png")));
    assert.deepEqual([width, height, channels], [12, 8, 3]);
    const back = await iresnet(
      cwd,
      ...["reconstruct", "runs/i-resnet-classifier", "--data", "fresh", "--json"],
    );
    assert.equal(back.code, 0, back.stderr);
    assert.ok((JSON.parse(back.stdout) as { maxError: number }).maxError < 1e-4);
  });

  it("learns a density by class, and draws and scores with it", async () => {
    const run = "runs/by-class";
    const { code, stderr } = await iresnet(
      cwd,
      ...["train", "--data", "mine", "--condition", "class", "--out", run],
      ...["--steps", "4", "--threads", "1", "--workers", "1"],
    );
    assert.equal(code, 0, stderr);
    const drawn = await iresnet(
      cwd,
      ...["sample", run, "--class", "striped", "--count", "2", "--out", "striped/"],
    );
    assert.equal(drawn.code, 0, drawn.stderr);
    assert.equal(readdirSync(join(cwd, "striped")).length, 2);
    const scored = await iresnet(cwd, "score", run, "fresh/light", "--out", "by-class.csv");
    assert.equal(scored.code, 0, scored.stderr);
    assert.ok((await numbers("by-class.csv", "p_value")).every((p) => p > 0 && p <= 1));
    const evaluated = await iresnet(cwd, "evaluate", run, "--data", "fresh", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    const wrong: [string[], RegExp][] = [
      [["sample", run, "--class", "dark"], /one of light, striped, got "dark"/],
      [["sample", "runs/i-resnet-density", "--class", "light"], /density of pictures by class/],
      [["train", "--data", "mine", "--condition", "size", "--out", "a"], /expected class/],
    ];
    for (const [args, message] of wrong) {
      const refused = await iresnet(cwd, ...args);
      assert.match(refused.stderr, message);
      assert.equal(refused.code, 2);
    }
  });

  it("refuses what doesn't go together, and says what would", async () => {
    await mkdir(join(cwd, "empty"));
    await writePictures(join(cwd, "uneven"), 24, { size: [7, 12] });
    const density = "runs/i-resnet-density";
    const cases: [string[], RegExp, number?][] = [
      [["train", "--data", "uneven", "--out", "a"], /even width.*got 12 x 7.*12x6 or 12x8/],
      [["train", "--data", "empty", "--out", "a"], /expected PNG, JPEG or WebP pictures/, 1],
      [["train", "--data", "mine", "--out", density], /got an earlier run/],
      [["train", "--data", "mine", "--out", "a", "--size", "0x8"], /width and a height/],
      [["train", "--data", "mine", "--out", "a", "--model", "glwo"], /glwo/],
      [["train", "--data", "mine", "--out", "a", "--label", "x"], /--label: expected no such/],
      [["train", "--data", "mine", "--out", "a", "--from", density], /--from: expected no such/],
      [["train", "toy", "--size", "8x8"], /--size: expected --data FOLDER/],
      [
        ["train", "--data", "mine/light", "--model", "i-resnet-classifier"],
        /at least 2 classes/,
        1,
      ],
      [["train", "--data", "fresh", "--out", "a"], /at least 20 pictures/, 1],
      [["evaluate", density, "--data", "fresh", "--split", "test"], /no --split/],
      [["evaluate", density, "--data", "nowhere"], /got no such file/, 1],
      [["evaluate", "runs/i-resnet-classifier", "--data", "fresh/light"], /without classes/, 1],
      [["evaluate", density, "--data", "fresh", "--label", "x"], /a run that isn't on a table/],
      [["score", density, "fresh", "--explain"], /--explain: expected a run on a table/],
      [["score", density, "fresh", "--keep", "a"], /--keep: expected a run on a table/],
      [["score", density, "fresh", "--shard", "1/2"], /--shard: expected a run on a table/],
      [["sample", density, "--condition", "a=1"], /--condition: expected .* of a table/],
      [["sample", density, "--out", "x.jpg"], /sheet\.png, or a folder/],
      [["sample", density, "--out", "mine"], /a new or an empty folder/],
      [["sample", "runs/i-resnet-classifier"], /expected a model with a density/],
    ];
    for (const [args, message, expected = 2] of cases) {
      const { code, stderr, stdout } = await iresnet(cwd, ...args);
      assert.match(stderr, message);
      assert.equal(code, expected, args.join(" "));
      assert.equal(stdout, "");
    }
  });

  it("notices that the folder holds other pictures than the run began with", async () => {
    await rename(join(cwd, "mine/light/000.png"), join(cwd, "kept.png"));
    const { code, stderr } = await iresnet(cwd, "evaluate", "runs/i-resnet-density");
    await rename(join(cwd, "kept.png"), join(cwd, "mine/light/000.png"));
    assert.equal(code, 1);
    assert.match(stderr, /expected the 80 pictures that the run began with, got 79/);
  });
});
