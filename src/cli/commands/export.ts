import { InvalidArgumentError, Option, type Command } from "commander";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { saveCheckpoint } from "../../checkpoint/checkpoint-file.js";
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
import { settledCheckpoint, type AnyRunner } from "../../runner/index.js";
import { withEngine } from "../../runs/engine.js";
import { openRun } from "../../runs/open-run.js";
import { withTrained } from "../../runs/trained.js";
import { table } from "../../text.js";
import {
  pathArgument,
  runHelp,
  withJson,
  withThreads,
  type EngineOptions,
  type ResultOptions,
} from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface ExportCommandOptions extends EngineOptions, ResultOptions {
  readonly to: ExportTarget | "checkpoint";
  readonly out: string;
  readonly check?: boolean;
  readonly bits?: 16 | 32;
}

export function addExport(program: Command): void {
  const command = program
    .command("export")
    .description("write a run's model as a file: ONNX, which other programs run, or a checkpoint")
    .argument("<run>", runHelp, pathArgument)
    .addOption(
      new Option("--to <what>", "what the file computes")
        .choices([...exportTargets, "checkpoint"])
        .makeOptionMandatory(),
    )
    .requiredOption(
      "--out <file>",
      "the file: .onnx, whose description goes to a .json beside it, or .safetensors",
      pathArgument,
    )
    .option("--check", "compare an ONNX file with the run on random rows before it is written")
    .addOption(
      new Option("--bits <n>", "bits of a checkpoint's numbers, 16 or 32 (default: 32)").argParser(
        numberBits,
      ),
    );
  withJson(withThreads(command))
    .addHelpText(
      "after",
      `
Examples:
  iresnet export runs/my --to score --out my.onnx --check
  iresnet export runs/mnist-classifier --to classify --out digits.onnx
  iresnet export runs/mnist-classifier --to checkpoint --bits 16 --out digits.safetensors

One file of standard operators for batches of any size, with the preprocessing inside: rows go in and
come out in the data's own units. score gives log p (and of a table the anomaly score and its
p-value), forward z, inverse x, sample x, classify probabilities. Noise is an input: zeros give results
that repeat. The .json beside it says what each input and output is.

checkpoint writes what inference takes of the best checkpoint, without what training goes on from. 16
bits halve it, and round numbers to 11 binary digits. All commands open it, and openRunner in a page.`,
    )
    .action((run: string, options: ExportCommandOptions) =>
      perform(options, (terminal) => exportRun(terminal, run, options)),
    );
}

async function exportRun(
  terminal: Terminal,
  path: string,
  options: ExportCommandOptions,
): Promise<void> {
  const { to, out, check = false, bits, threads, device } = options;
  if (to === "checkpoint") {
    await writeCheckpoint(terminal, path, options);
    return;
  }
  if (bits !== undefined) {
    throw new UsageError(
      `--bits: expected --to checkpoint beside it, got --to ${to}; leave it out`,
    );
  }
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
      run: run.folder?.path ?? run.file,
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

async function writeCheckpoint(
  terminal: Terminal,
  path: string,
  { out, check = false, bits = 32, threads, device }: ExportCommandOptions,
): Promise<void> {
  if (check) throw new UsageError("--check: expected an ONNX file to check, got --to checkpoint");
  if (!out.endsWith(".safetensors")) {
    throw new UsageError(`--out: expected a name that ends in .safetensors, got ${out}`);
  }
  const { file, checkpoint } = await openRun(path);
  const settled = await withEngine({ threads, device }, (engine) =>
    settledCheckpoint(checkpoint, { engine, bits }),
  );
  await saveCheckpoint(out, settled, { bits });
  const { size } = await stat(out);
  terminal.result(
    { checkpoint: file, to: "checkpoint", file: out, bits, bytes: size },
    `${out}: ${(size / 1e6).toFixed(2)} MB, numbers of ${bits} bits`,
  );
}

function numberBits(text: string): 16 | 32 {
  if (text === "16" || text === "32") return text === "16" ? 16 : 32;
  throw new InvalidArgumentError("Expected 16 or 32.");
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
