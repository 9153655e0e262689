import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";
import { iresnet, mainFile, temporaryFolder, type Finished } from "./support.js";

describe("a table of one's own on the command line", () => {
  const cwd = temporaryFolder();
  let trained: Finished;

  before(async () => {
    const rows = measurements(300, 1).map((one, i) =>
      [10, 70, 150].includes(i) ? { ...one, temperature: "" } : one,
    );
    await writeFile(join(cwd, "my.csv"), csvOf(rows));
    trained = await iresnet(cwd, "train", "--data", "my.csv", "--steps", "60", "--json");
  });

  it("trains by one command, which says what was done to each column", () => {
    assert.equal(trained.code, 0, trained.stderr);
    const result = JSON.parse(trained.stdout) as {
      readonly run: string;
      readonly columns: readonly { readonly column: string }[];
    };
    assert.equal(result.run, join("runs", "my"));
    const names = Object.keys(measurements(1, 1)[0]!);
    assert.deepEqual(
      result.columns.map(({ column }) => column),
      names,
    );
    const report = readFileSync(join(cwd, "runs/my/report.html"), "utf8");
    for (const name of names) {
      assert.ok(trained.stderr.includes(`column "${name}": `), trained.stderr);
      assert.ok(report.includes(`<td>${name}</td>`), name);
    }
    assert.match(report, /always 7, left out/);
    assert.match(report, /empty cells are learned as such/);
  });

  it("scores a file by one command, and reports rows that it can't", async () => {
    const rows = measurements(50, 2).map((one, i) => ({
      ...one,
      ...(i === 4 && { mass: "heavy" }),
    }));
    await writeFile(join(cwd, "new.csv"), csvOf(rows));
    const { code, stdout, stderr } = await iresnet(
      cwd,
      ...["score", "runs/my", "new.csv", "--out", "scores.csv", "--json"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: new.csv: line 6, column "mass": expected a number, got "heavy"/);
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(summary.rows, 50);
    assert.equal(summary.unscored, 1);
    const { columns } = await tableOf(readFileSync(join(cwd, "scores.csv"), "utf8"));
    assert.deepEqual(
      columns.map(({ name }) => name),
      ["line", "log_p", "score", "p_value", "note"],
    );
    const values = (name: string): readonly number[] => {
      const column = columns.find((one) => one.name === name)!;
      return column.kind === "text" ? [] : Array.from(column.values);
    };
    assert.deepEqual(
      values("line"),
      Array.from({ length: 50 }, (_, row) => row + 2),
    );
    values("p_value").forEach((p, row) => {
      if (row === 4) assert.ok(Number.isNaN(p));
      else assert.ok(p >= 1 / 46 && p <= 1);
    });
  });

  it("scores one row from standard input, as it does in a file", () => {
    const [row] = measurements(50, 2);
    const { stdout, status } = spawnSync(process.execPath, [mainFile, "score", "runs/my", "-"], {
      cwd,
      input: csvOf([row!]),
      encoding: "utf8",
    });
    assert.equal(status, 0);
    const [, line] = stdout.split("\n");
    const [, inFile] = readFileSync(join(cwd, "scores.csv"), "utf8").split("\n");
    const [one, other] = [line!, inFile!].map((cells) => cells.split(",").map(Number));
    one!.forEach((value, i) => {
      assert.ok(Math.abs(value - other![i]!) <= 1e-3, `${line} ${inFile}`);
    });
  });

  it("is a run that evaluates, samples in the file's own terms, and describes itself", async () => {
    const evaluated = await iresnet(cwd, "evaluate", "runs/my", "--split", "validation", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.equal((JSON.parse(evaluated.stdout) as { examples: number }).examples, 45);
    const sampled = await iresnet(cwd, "sample", "runs/my", "--count", "20");
    assert.equal(sampled.code, 0, sampled.stderr);
    const samples = await tableOf(readFileSync(join(cwd, "runs/my/pictures/samples.csv"), "utf8"));
    const [count] = samples.columns.filter(({ name }) => name === "count");
    assert.ok(count?.kind === "number" && count.values.every(Number.isInteger));
    const site = samples.columns.find(({ name }) => name === "site");
    assert.ok(
      site?.kind === "text" && site.dictionary.every((one) => /^(north|south|east)$/.test(one)),
    );
    const described = await iresnet(cwd, "info", "runs/my");
    assert.match(described.stdout, /table on my\.csv/);
  });

  it("learns a density given columns, and draws from it", async () => {
    const condition = ["--condition", "site,ok", "--ignore", "when,day,name"];
    const model = ["--model", "made", "--steps", "40", "--missing", "refuse"];
    const to = ["--out", "runs/given"];
    const { code, stderr } = await iresnet(
      cwd,
      "train",
      "--data",
      "my.csv",
      ...condition,
      ...model,
      ...to,
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /column "site": condition: category of 3 levels/);
    assert.match(stderr, /column "temperature": .*; 3 rows with an empty cell left out/);
    const given = ["--condition", "site=north,ok=true", "--count", "7", "--out", "rows.csv"];
    const sampled = await iresnet(cwd, "sample", "runs/given", ...given);
    assert.equal(sampled.code, 0, sampled.stderr);
    const { columns, rows } = await tableOf(readFileSync(join(cwd, "rows.csv"), "utf8"));
    const site = columns.find(({ name }) => name === "site");
    assert.ok(rows === 7 && site?.kind === "text" && site.dictionary.join() === "north");
    const scored = await iresnet(cwd, "score", "runs/given", "new.csv", "--out", "given.csv");
    assert.equal(scored.code, 0, scored.stderr);
  });

  it("learns to tell classes, evaluates that, and names them", async () => {
    const label = ["--label", "site", "--ignore", "name", "--steps", "20", "--out", "runs/sites"];
    const trained = await iresnet(cwd, "train", "--data", "my.csv", ...label, "--json");
    assert.equal(trained.code, 0, trained.stderr);
    const { evaluation } = JSON.parse(trained.stdout) as {
      readonly evaluation: { readonly confusion: { readonly classes: readonly string[] } };
    };
    assert.deepEqual(evaluation.confusion.classes, ["east", "north", "south"]);
    const report = readFileSync(join(cwd, "runs/sites/report.html"), "utf8");
    assert.match(report, /Confusions: validation/);
    const { code, stdout, stderr } = await iresnet(cwd, "score", "runs/sites", "new.csv");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^line,class,p\(east\),p\(north\),p\(south\),note\n2,(east|north|south),/);
    assert.match(stderr, /wrong, of known class/);
    const evaluated = await iresnet(cwd, "evaluate", "runs/sites", "--json");
    assert.equal((JSON.parse(evaluated.stdout) as { split: string }).split, "validation");
  });

  it("refuses what doesn't go together, with exit code 2", async () => {
    const cases: [string[], RegExp][] = [
      [["train", "--data", "my.csv", "--lr", "0.1", "--out", "a"], /got --lr/],
      [["train", "--data", "my.csv", "--out", "runs/my"], /got an earlier run/],
      [["train", "--data", "my.csv", "--ignore", "mas", "--out", "a"], /did you mean "mass"/],
      [["train", "toy", "--label", "site"], /--label: expected --data FILE/],
      [["train", "toy", "--model", "maf"], /--model: expected --data FILE/],
      [
        ["train", "--data", "my.csv", "--model", "mof", "--out", "a"],
        /Did you mean|Allowed choices/,
      ],
      [["train", "--data", "my.csv", "--condition", "sit", "--out", "a"], /did you mean "site"/],
      [
        ["train", "--data", "my.csv", "--label", "ok", "--condition", "site", "--out", "a"],
        /expected no condition for i-resnet-classifier/,
      ],
      [["sample", "runs/my", "--condition", "site=north"], /expected the run of a conditional/],
      [["sample", "runs/my", "--class", "north"], /expected the run of a density .* with classes/],
      [["sample", "runs/my", "--condition", "site"], /Expected name=value pairs/],
      [["train", "--resume", "runs/my"], /got one on a table, which ended by itself/],
      [["score", "runs/my", "new.csv", "--json"], /expected --out beside it/],
      [["score", "runs/my", "new.csv", "--out", "a.png"], /ends in \.csv/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr, stdout } = await iresnet(cwd, ...args);
      assert.match(stderr, message);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
    }
    const missing = await iresnet(cwd, "train", "--data", "no.csv", "--out", "a");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /no\.csv: expected a file that can be read/);
  });
});
