import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { openTable } from "../../src/data/readers/index.js";
import { fileSource } from "../../src/data/readers/node-source.js";
import { readTable, type Table } from "../../src/data/table.js";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";
import { iresnet, mainFile, type Finished } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

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
      else assert.ok(p >= 1 / 24 && p <= 1);
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

  it("becomes an ONNX file, which is compared with it", async () => {
    const args = ["export", "runs/my", "--to", "score", "--out", "my.onnx", "--check", "--json"];
    const { code, stdout, stderr } = await iresnet(cwd, ...args);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as {
      readonly description: string;
      readonly bytes: number;
      readonly differences: readonly { readonly difference: number }[];
    };
    assert.equal(readFileSync(join(cwd, "my.onnx")).length, result.bytes);
    assert.ok(result.differences.length > 0);
    assert.ok(
      result.differences.every(({ difference }) => difference <= 1e-5),
      stdout,
    );
    const description = JSON.parse(readFileSync(join(cwd, result.description), "utf8")) as {
      readonly columns: readonly { readonly name: string; readonly levels?: readonly string[] }[];
      readonly metadata: { readonly checkpoint: { readonly sha256: string } };
    };
    const site = description.columns.find(({ name }) => name === "site");
    assert.deepEqual(site?.levels, ["east", "north", "south"]);
    assert.match(description.metadata.checkpoint.sha256, /^[0-9a-f]{64}$/);
  });

  it("explains what is unusual, passes columns through as they stand, and does it in parts", async () => {
    const rows = measurements(40, 3).map((one, i) => ({
      ...one,
      line: `L-0${i}`,
      length: i === 7 ? "1700.00" : one.length!,
      mass: i === 9 ? "heavy" : one.mass!,
    }));
    await writeFile(join(cwd, "odd.csv"), csvOf(rows));
    const score = async (out: string, ...more: readonly string[]): Promise<Table> => {
      const options = ["--explain", "--keep", "name,line,length,mass", "--out", out, ...more];
      const { code, stderr } = await iresnet(cwd, "score", "runs/my", "odd.csv", ...options);
      assert.equal(code, 0, stderr);
      const kinds = (name: string) =>
        /^(mass|length|usual_\d)$/.test(name) ? ("text" as const) : undefined;
      return tableOf(readFileSync(join(cwd, out), "utf8"), { kinds });
    };
    const whole = await score("whole.csv");
    const cellsOf = (table: Table, name: string): (string | number | undefined)[] => {
      const column = table.columns.find((one) => one.name === name)!;
      return column.kind === "text"
        ? Array.from(column.codes, (code) => column.dictionary[code])
        : Array.from(column.values);
    };
    assert.equal(cellsOf(whole, "because_1")[7], "length");
    const [drop, other] = [cellsOf(whole, "drop_1")[7], cellsOf(whole, "drop_2")[7]].map(Number);
    assert.ok(drop! > 0 && !(other! > drop!));
    // The names of scores are kept for them.
    assert.deepEqual(
      cellsOf(whole, "file.line"),
      rows.map(({ line }) => line),
    );
    const text = readFileSync(join(cwd, "whole.csv"), "utf8").split("\n");
    assert.match(text[8]!, /,1700\.00,/);
    assert.match(text[10]!, /^11,,,,.*expected a number.*heavy/);
    const parts = [await score("a.csv", "--shard", "1/2"), await score("b.csv", "--shard", "2/2")];
    parts.forEach((part, at) => {
      const mine = (name: string) => cellsOf(whole, name).filter((_, row) => row % 2 === at);
      assert.deepEqual(cellsOf(part, "line"), mine("line"));
      assert.deepEqual(cellsOf(part, "because_1"), mine("because_1"));
      cellsOf(part, "log_p").forEach((value, row) => {
        const expected = Number(mine("log_p")[row]);
        if (Number.isNaN(expected)) assert.ok(Number.isNaN(value));
        // A row's place in its batch may change the last digits of float32.
        else assert.ok(Math.abs(Number(value) - expected) <= 1e-5 * Math.abs(expected));
      });
    });
  });

  it("evaluates a file with a label, and draws its scores and its ROC curve", async () => {
    const rows = measurements(40, 4).map((one, i) => ({
      ...one,
      ...(i % 8 === 0 && { length: "1700" }),
      state: i % 8 === 0 ? "broken" : "fine",
    }));
    await writeFile(join(cwd, "labelled.csv"), csvOf(rows));
    const args = ["evaluate", "runs/my", "--data", "labelled.csv", "--label", "state"];
    const { code, stdout, stderr } = await iresnet(cwd, ...args, "--json");
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal((result.label as { outlier: string }).outlier, "broken");
    assert.equal((result.detection as { auroc: number }).auroc, 1);
    const folder = join(cwd, "runs/my/evaluation-labelled-csv");
    assert.ok(readFileSync(join(folder, "report.html"), "utf8").includes("AUROC"));
    for (const name of ["roc.svg", "scores.svg"]) {
      assert.match(readFileSync(join(folder, name), "utf8"), /^<svg[^]*<\/svg>$/);
    }
    const human = await iresnet(cwd, ...args, "--outlier", "fine", "--out", "turned");
    assert.match(human.stdout, /outliers +35: "state" is "fine"[^]*AUROC +0\.00 %/);
  });

  it("samples into a file of any format for rows", async () => {
    const sample = (out: string) =>
      iresnet(cwd, "sample", "runs/my", "--count", "30", "--out", out);
    const tables: Table[] = [];
    for (const name of ["s.csv.gz", "s.tsv", "s.json", "s.jsonl", "s.npz"]) {
      const { code, stderr } = await sample(name);
      assert.equal(code, 0, stderr);
      tables.push(await readTable(await openTable(await fileSource(join(cwd, name)))));
    }
    const [first, ...others] = tables;
    const day = first!.columns.find(({ name }) => name === "day")!;
    assert.ok(day.kind === "date" && day.values.every((time) => time % 86_400_000 === 0));
    for (const other of others) {
      assert.equal(other.rows, 30);
      assert.deepEqual(
        other.columns.map(({ name }) => name),
        first!.columns.map(({ name }) => name),
      );
      other.columns.forEach((column, at) => {
        const same = first!.columns[at]!;
        if (column.kind === "text" && same.kind === "text") {
          const texts = ({ codes, dictionary }: typeof column) =>
            Array.from(codes, (code) => dictionary[code]);
          assert.deepEqual(texts(column), texts(same));
        } else if (column.kind !== "text" && same.kind !== "text") {
          assert.deepEqual(Array.from(column.values), Array.from(same.values), column.name);
        } else assert.fail(`${column.name}: ${column.kind}, ${same.kind}`);
      });
    }
    for (const [name, message, exit] of [
      ["s.npy", /expected columns of numbers for an \.npy file, got text in column "site"/, 1],
      ["s.png", /expected a name that ends in \.csv, \.tsv, .*, got s\.png/, 2],
      ["s", /expected a name that ends in \.csv/, 2],
    ] as const) {
      const { code, stderr } = await sample(name);
      assert.match(stderr, message);
      assert.equal(code, exit);
      assert.equal(existsSync(join(cwd, name)), false);
    }
  });

  it("is a run that evaluates, samples in the file's own terms, and describes itself", async () => {
    const evaluated = await iresnet(cwd, "evaluate", "runs/my", "--split", "validation", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.equal((JSON.parse(evaluated.stdout) as { examples: number }).examples, 45);
    const told = await iresnet(cwd, "evaluate", "runs/my");
    assert.match(told.stdout, /Training printed .* of the 22 held-out rows that chose .* all 45\./);
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
    const explained = ["--explain", "1", "--out", "given.csv"];
    const scored = await iresnet(cwd, "score", "runs/given", "new.csv", ...explained);
    assert.equal(scored.code, 0, scored.stderr);
    assert.match(readFileSync(join(cwd, "given.csv"), "utf8"), /^line,.*,because_1,drop_1,usual_1/);
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
    const onFile = await iresnet(cwd, "evaluate", "runs/sites", "--data", "new.csv", "--json");
    assert.equal(onFile.code, 0, onFile.stderr);
    const found = JSON.parse(onFile.stdout) as {
      readonly classification: { readonly examples: number; readonly errorStandardError: number };
    };
    assert.ok(found.classification.examples > 0 && found.classification.errorStandardError > 0);
    const files = readdirSync(join(cwd, "runs/sites/evaluation-new-csv")).sort();
    assert.deepEqual(files, [
      "calibration.svg",
      "confusions.svg",
      "evaluation.json",
      "report.html",
    ]);
    const refused = await iresnet(cwd, "score", "runs/sites", "new.csv", "--explain");
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /error: TableExplainer: expected a model with a density/);
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
      [
        ["export", "runs/my", "--to", "classify", "--out", "a.onnx"],
        /expected a model with classes/,
      ],
      [["export", "runs/my", "--to", "score", "--out", "a.bin"], /ends in \.onnx/],
      [["export", "runs/my", "--to", "scores", "--out", "a.onnx"], /score, forward, inverse/],
      [["export", "runs/my", "--to", "score"], /--out/],
      [["score", "runs/my", "new.csv", "--shard", "3/2"], /Expected part i of n/],
      [["score", "runs/my", "new.csv", "--explain", "2"], /Expected a number above 0 and up to 1/],
      [["score", "runs/my", "new.csv", "--keep", "mas"], /did you mean "mass"/],
      [
        ["evaluate", "runs/my", "--label", "site"],
        /--label: expected .* --data FILE, got no --data/,
      ],
      [["evaluate", "runs/my", "--data", "new.csv", "--label", "sit"], /did you mean "site"/],
      [["evaluate", "runs/my", "--data", "new.csv", "--terms", "3"], /expected no --terms/],
      [["evaluate", "runs/my", "--data", "new.csv", "--split", "test"], /expected no .*--split/],
      [["evaluate", "runs/my", "--data", "new.csv", "--data-dir", "."], /or --data-dir beside/],
      [["evaluate", "runs/my", "--data-dir", "."], /--data-dir: .* on the rows of .*my\.csv/],
      [["reconstruct", "runs/my", "--data-dir", "."], /--data-dir: .* on the rows of/],
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
