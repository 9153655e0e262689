import { Option, type Command } from "commander";
import { UsageError } from "../../errors.js";
import { originalNames, type OriginalName } from "../../pytorch/import-pytorch.js";
import { importRun } from "../../runs/import-run.js";
import { commandLine } from "../command-line.js";
import { positiveNumber, withJson } from "../options.js";
import type { ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface ImportOptions extends ResultOptions {
  readonly from: OriginalName;
  readonly out: string;
  readonly data?: string;
  readonly dataDir?: string;
  readonly c?: number;
  readonly activation?: string;
  readonly shape?: string;
  readonly task?: "classification" | "density";
  /** False with `--no-averaged`. */
  readonly averaged: boolean;
}

export function addImport(program: Command): void {
  const command = program
    .command("import")
    .description("bring weights of the papers' own PyTorch code into a run")
    .argument("<file>", "what torch.save wrote; nothing in it is executed")
    .addOption(
      new Option("--from <code>", "whose model it is").choices(originalNames).makeOptionMandatory(),
    )
    .requiredOption("--out <run>", "folder of the run to make, or a file.safetensors")
    .option("--data <name>", "data that the run is measured on (default: by the shape of images)")
    .option("--data-dir <dir>", "folder of the data sets (default: data)")
    .option(
      "--c <bound>",
      "the coefficient, where the file doesn't say (default: the script's)",
      positiveNumber,
    )
    .option("--activation <name>", "the activation, where the file doesn't say")
    .option("--shape <c,h,w>", "shape of an image, where the file doesn't say")
    .addOption(
      new Option("--task <name>", "what a model with a head was trained for").choices([
        "classification",
        "density",
      ]),
    )
    .option("--no-averaged", "the last parameters, where the file keeps averages too");
  withJson(command)
    .addHelpText(
      "after",
      `
Examples:
  iresnet import checkpt.pth --from residual-flows --out runs/flow
  iresnet import model.t7 --from invertible-resnet --out runs/original --data cifar-10
  iresnet evaluate runs/original

Says what is not as in the original, and what was assumed. The code: of invertible-resnet,
https://github.com/jhjacobsen/invertible-resnet; of residual-flows,
https://github.com/rtqichen/residual-flows.`,
    )
    .action((file: string, options: ImportOptions) =>
      perform(options, (terminal) => importAndPrint(terminal, file, options)),
    );
}

async function importAndPrint(
  terminal: Terminal,
  file: string,
  { shape, json, ...options }: ImportOptions,
): Promise<void> {
  const { path, kind, differences } = await importRun({
    ...options,
    file,
    command: commandLine(),
    ...(shape !== undefined && { shape: shapeOf(shape) }),
  });
  if (!json) for (const difference of differences) terminal.note(difference);
  terminal.result({ out: path, model: kind, differences }, `${kind}: ${path}`);
}

/** @throws {UsageError} unless the text is three whole numbers. */
function shapeOf(text: string): readonly number[] {
  const sizes = text.split(",").map(Number);
  if (sizes.length === 3 && sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UsageError(`--shape: expected three whole numbers such as 3,32,32, got ${text}`);
}
