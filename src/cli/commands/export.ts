import { Option, type Command } from "commander";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { openOnnxFile } from "../../engine/node-file.js";
import { UsageError } from "../../errors.js";
import {
  checkExport,
  expectEqualResults,
  exportOnnx,
  exportTargets,
  type ExportDifference,
  type ExportTarget,
  type OnnxExport,
} from "../../export/index.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import type { AnyRunner } from "../../runner/index.js";
import { withTrained } from "../../runs/trained.js";
import { table } from "../../text.js";
import { withJson, withThreads, type EngineOptions, type ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface ExportCommandOptions extends EngineOptions, ResultOptions {
  readonly to: ExportTarget;
  readonly out: string;
  readonly check?: boolean;
}

export function addExport(program: Command): void {
  const command = program
    .command("export")
    .description("write a run's model as an ONNX file that other programs run")
    .argument("<run>", "folder of a run, or a checkpoint in it (default there: the best one)")
    .addOption(
      new Option("--to <what>", "what the file computes")
        .choices(exportTargets)
        .makeOptionMandatory(),
    )
    .requiredOption("--out <file.onnx>", "the file; its description goes to file.json")
    .option("--check", "compare it with the run on random rows before it is written");
  withJson(withThreads(command))
    .addHelpText(
      "after",
      `
Examples:
  iresnet export runs/my --to score --out my.onnx --check
  iresnet export runs/mnist-classifier --to classify --out digits.onnx

One file of standard operators for batches of any size, with the preprocessing inside: rows go in and
come out in the data's own units. score gives log p (and of a table the anomaly score and its
p-value), forward z, inverse x, sample x, classify probabilities. Noise is an input: zeros give results
that repeat. The .json beside it says what each input and output is.`,
    )
    .action((run: string, options: ExportCommandOptions) =>
      perform(options, (terminal) => exportRun(terminal, run, options)),
    );
}

async function exportRun(
  terminal: Terminal,
  path: string,
  { to, out, check = false, threads, device }: ExportCommandOptions,
): Promise<void> {
  if (!out.endsWith(".onnx")) {
    throw new UsageError(`--out: expected a name that ends in .onnx, got ${out}`);
  }
  const beside = out.replace(/\.onnx$/, ".json");
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    const sha256 = createHash("sha256")
      .update(await readFile(run.file))
      .digest("hex");
    const exported = await exportOnnx(runner, {
      to,
      metadata: { checkpoint: { file: run.file, sha256 } },
    });
    const differences = check ? await checked(runner, exported) : undefined;
    await writeFileAtomic(out, exported.bytes);
    await writeFileAtomic(beside, `${JSON.stringify(exported.description, null, 2)}\n`);
    const results = {
      run: run.folder.path,
      checkpoint: run.file,
      to,
      file: out,
      description: beside,
      bytes: exported.bytes.length,
      ...(differences && { differences }),
    };
    terminal.result(results, textOf(exported, differences, [out, beside]));
  });
}

async function checked(
  runner: AnyRunner,
  { bytes, description }: OnnxExport,
): Promise<ExportDifference[]> {
  const file = await openOnnxFile(bytes);
  try {
    const differences = await checkExport(runner, description, (inputs) => file.run(inputs));
    expectEqualResults(differences);
    return differences;
  } finally {
    await file.close();
  }
}

function textOf(
  { description, bytes }: OnnxExport,
  differences: readonly ExportDifference[] | undefined,
  files: readonly string[],
): string {
  const values = (record: Readonly<Record<string, { readonly shape: readonly unknown[] }>>) =>
    Object.entries(record)
      .map(([name, { shape }]) => `${name} [${shape.join(", ")}]`)
      .join(", ");
  const worst = differences && Math.max(...differences.map(({ difference }) => difference));
  return `${table([
    ["inputs", values(description.inputs)],
    ["outputs", values(description.outputs)],
    ["operator set", String(description.operatorSet)],
    ["size", `${(bytes.length / 1e6).toFixed(2)} MB`],
    ...(worst === undefined ? [] : [["largest difference", worst.toExponential(1)]]),
  ])}\n\n${files.join(", ")}`;
}
