import { join } from "node:path";
import { Option, type Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { expectReadFrom } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { activationNames } from "../../nn/index.js";
import { configure, type Overrides } from "../../runs/configuration.js";
import { continueRun } from "../../runs/continue.js";
import { evaluationText, reconstructionText } from "../../runs/describe.js";
import { beginFrom, fineTuning } from "../../runs/fine-tune.js";
import { prepareRun, type PreparedRun } from "../../runs/prepare.js";
import { createRun, type RunFolder } from "../../runs/run-folder.js";
import { trainRun, type Outcome, type TrainRunOptions } from "../../runs/train-run.js";
import { presets } from "../../train/presets/index.js";
import { commandLine } from "../command-line.js";
import { columns } from "../help.js";
import { finished } from "../interrupt.js";
import {
  pathOption,
  realOption,
  share,
  wholeOption,
  withJson,
  withThreads,
  workersOption,
} from "../options.js";
import { perform } from "../perform.js";
import {
  expectNoTableOptions,
  isTableFile,
  trainTableAndPrint,
  withTableOptions,
  type TableOptions,
} from "../table.js";
import type { Terminal } from "../terminal.js";

interface TrainOptions extends Omit<Overrides, "dataDir" | "command">, TableOptions {
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly from?: string;
}

/** Options that may go with `--resume`. */
const onResume: readonly string[] = [
  "resume",
  "steps",
  "lr",
  "dataDir",
  "threads",
  "device",
  "workers",
  "json",
];

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a preset, or on a table of your own, or go on with a run")
    .argument("[preset]", "one of those below")
    .optionsGroup("Simple options:")
    .addOption(pathOption("--data-dir <dir>", "folder of the data sets (default: data)"))
    .option(
      "--data <file>",
      "rows to learn: CSV, JSON, NPZ, Parquet, - for standard input; beside a preset, the name of other data of the same shape",
    )
    .addOption(
      pathOption(
        "--out <dir>",
        "folder of the run (default: runs/PRESET, or runs/ and the file's name)",
      ),
    )
    .addOption(
      pathOption(
        "--resume <dir>",
        "go on with the run in this folder, bit for bit, or as a new stage with --steps or --lr",
      ),
    )
    .addOption(
      pathOption(
        "--from <run>",
        "start from this run's numbers, or from those of a checkpoint in it",
      ),
    )
    .addOption(wholeOption("--steps <n>", "training steps (default: the preset's)", ranges.steps));
  withJson(withThreads(withTableOptions(command)))
    .optionsGroup("Advanced options:")
    .addOption(
      workersOption(
        "parts of each batch, on threads of their own, or auto: 1, or as many as threads if that is faster (default: auto)",
      ),
    )
    .addOption(
      wholeOption("--batch-size <n>", "examples a step (default: the preset's)", ranges.batchSize),
    )
    .addOption(
      realOption("--lr <rate>", "learning rate after warm-up (default: the preset's)", {
        text: "above 0 and at most 1000",
        has: (x) => x > 0 && x <= 1000,
      }),
    )
    .addOption(realOption("--c <bound>", "Lipschitz bound of each layer", share))
    .addOption(new Option("--vanilla", "no Lipschitz bound: no guaranteed inverse").conflicts("c"))
    .addOption(new Option("--activation <name>", "activation").choices(activationNames()))
    .addOption(
      wholeOption("--seed <n>", "decides all randomness (default: the preset's)", ranges.place),
    )
    .addOption(
      wholeOption(
        "--validate-every <n>",
        "steps between validations (default: a 10th)",
        ranges.steps,
      ),
    )
    .addOption(
      wholeOption(
        "--checkpoint-every <n>",
        "steps between checkpoints (default: 250)",
        ranges.steps,
      ),
    )
    .addHelpText(
      "after",
      `
Examples:
  iresnet train mnist-classifier --data-dir data
  iresnet train mnist-classifier --c 0.5 --out runs/c-0.5
  iresnet train toy --data moons --out runs/moons
  iresnet train --data my.csv --ignore id,date
  iresnet train --data my.csv --label kind
  iresnet train --data my.csv --condition year,kind --model maf
  iresnet train --resume runs/mnist-classifier
  iresnet train --resume runs/mnist-classifier --steps 20000 --lr 1e-4
  iresnet train --from runs/mnist-classifier --data fashion-mnist --out runs/fashion

Presets:
${columns(Object.keys(presets), process.stdout.columns || 80)}

The run's folder gets config.json, metrics.jsonl, checkpoint.safetensors (the newest state),
best.safetensors (the best on validation data), pictures and report.html. Ctrl-C saves the run
and ends it; the resumed run is the same, bit for bit, on as many threads and workers.`,
    )
    .action((preset: string | undefined, options: TrainOptions) =>
      perform(options, (terminal) =>
        options.resume !== undefined
          ? resume(terminal, options.resume, preset, options)
          : preset === undefined && isTableFile(options.data)
            ? trainTableAndPrint(terminal, options.data, options)
            : start(terminal, preset, options),
      ),
    );
}

async function start(
  terminal: Terminal,
  preset: string | undefined,
  { out, from, ...options }: TrainOptions,
): Promise<void> {
  expectNoTableOptions(options);
  if (preset === undefined && from === undefined) {
    throw new UsageError(
      `train: expected a preset, --data FILE, or --resume RUN, got none of them; list presets with: iresnet info --presets`,
    );
  }
  const overrides = { ...options, command: commandLine() };
  const { config, checkpoint } =
    from === undefined
      ? { config: configure(preset!, overrides), checkpoint: undefined }
      : await fineTuning(from, preset, overrides);
  if (options.dataDir !== undefined) expectReadFrom(config.data.name, "--data-dir");
  const prepared = await prepareRun(config);
  const folder = await createRun(out ?? join("runs", config.preset), config);
  const resume = checkpoint && (await beginFrom(checkpoint, prepared, folder));
  await trainAndPrint(terminal, prepared, folder, resume && { resume });
}

async function resume(
  terminal: Terminal,
  path: string,
  preset: string | undefined,
  options: TrainOptions,
): Promise<void> {
  const other = preset ?? Object.keys(options).find((option) => !onResume.includes(option));
  if (other !== undefined) {
    throw new UsageError(
      `--resume: expected no preset and no option but --steps, --lr, --data-dir, --threads, --device, --workers and --json, got ${other}; a run goes on as it began`,
    );
  }
  const { folder, config, checkpoint } = await continueRun(path, options);
  terminal.note(`going on from step ${checkpoint?.training?.step ?? 0}`);
  await trainAndPrint(
    terminal,
    await prepareRun(config),
    folder,
    checkpoint && { resume: checkpoint },
  );
}

async function trainAndPrint(
  terminal: Terminal,
  prepared: PreparedRun,
  folder: RunFolder,
  options: Pick<TrainRunOptions, "resume"> = {},
): Promise<void> {
  const { path, report } = folder;
  const onOutcome = (outcome: Outcome): void => {
    const { evaluation, reconstruction } = outcome;
    terminal.result(
      { run: path, report, ...outcome },
      [
        evaluationText(evaluation),
        reconstruction ? reconstructionText(reconstruction) : "This model has no inverse.",
        `Report: ${report}`,
      ].join("\n\n"),
    );
  };
  await finished(terminal, `iresnet train --resume ${path}`, (signal) =>
    trainRun(prepared, { folder, listener: terminal }, { signal, onOutcome, ...options }),
  );
}
