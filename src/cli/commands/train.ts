import { basename, join, resolve } from "node:path";
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
import { createRun, expectNoRun, RunFolder } from "../../runs/run-folder.js";
import { trainRun, type Outcome, type TrainRunOptions } from "../../runs/train-run.js";
import { presets } from "../../train/presets/index.js";
import type { Mpi } from "../../mpi/mpi.js";
import { commandLine } from "../command-line.js";
import { columns } from "../help.js";
import { finished, interruptible } from "../interrupt.js";
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
import { asRank, threadsPerRank } from "../ranks.js";
import {
  expectNoPictureOptions,
  isPictureFolder,
  preparePictureRun,
  withPictureOptions,
  type PictureTrainOptions,
} from "../pictures.js";
import {
  expectNoTableOptions,
  isTableFile,
  trainTableAndPrint,
  withTableOptions,
  type TableOptions,
} from "../table.js";
import type { Terminal } from "../terminal.js";

interface TrainOptions
  extends Omit<Overrides, "dataDir" | "command">, PictureTrainOptions, TableOptions {
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly mpi?: boolean;
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
  "mpi",
  "json",
];

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a preset, or on a table or pictures of your own, or go on with a run")
    .argument("[preset]", "one of those below")
    .optionsGroup("Simple options:")
    .addOption(pathOption("--data-dir <dir>", "folder of the data sets (default: data)"))
    .option(
      "--data <file|folder>",
      "rows to learn: CSV, JSON, NPZ, Parquet, - for standard input; or a folder of pictures, PNG, JPEG, WebP; beside a preset, the name of other data of the same shape",
    )
    .addOption(
      pathOption(
        "--out <dir>",
        "folder of the run (default: runs/PRESET, or runs/ and the data's name)",
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
  withPictureOptions(withTableOptions(command));
  withJson(withThreads(command.optionsGroup("Advanced options:")))
    .addOption(
      workersOption(
        "parts of each batch, on threads of their own, or auto: 1, or as many as threads if that is faster (default: auto)",
      ),
    )
    .option(
      "--mpi",
      "take each step together with the other processes of mpirun, see docs/scale.md",
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
  iresnet train --data pictures --size 32x32
  iresnet train --data pictures --model i-resnet-classifier
  iresnet train --resume runs/mnist-classifier
  mpirun -np 2 npx iresnet train mnist-density --mpi
  iresnet train --resume runs/mnist-classifier --steps 20000 --lr 1e-4
  iresnet train --from runs/mnist-classifier --data fashion-mnist --out runs/fashion

Presets:
${columns(Object.keys(presets), process.stdout.columns || 80)}

The subfolders of a folder of pictures are the classes of a classifier. Training ends once held-out
pictures haven't become more likely for a quarter of its steps.

The run's folder gets config.json, metrics.jsonl, checkpoint.safetensors (the newest state),
best.safetensors (the best on validation data), pictures and report.html. Ctrl-C saves the run
and ends it; the resumed run is the same, bit for bit, on as many threads and workers.

A table's checkpoint.safetensors is the best state itself. Its training first tries how much noise
smooths the rows; --steps counts those of the last training alone. Ctrl-C keeps the best model so
far, and such a run can't be resumed.`,
    )
    .action((preset: string | undefined, options: TrainOptions) =>
      perform(options, (terminal) =>
        options.mpi
          ? asRank(terminal, (mpi, shown) => train(shown, preset, ofRank(options), mpi))
          : train(terminal, preset, options),
      ),
    );
}

function train(
  terminal: Terminal,
  preset: string | undefined,
  options: TrainOptions,
  mpi?: Mpi,
): Promise<void> {
  const { resume, data } = options;
  if (resume !== undefined) return goOn(terminal, resume, preset, options, mpi);
  if (preset !== undefined) return start(terminal, preset, options, mpi);
  if (isPictureFolder(data)) return startPictures(terminal, data, options);
  return isTableFile(data)
    ? trainTableAndPrint(terminal, data, options)
    : start(terminal, preset, options, mpi);
}

/** @throws {UsageError} if an option doesn't go with ranks. */
function ofRank(options: TrainOptions): TrainOptions {
  const { workers = 1, device = "cpu", data, threads = threadsPerRank(process.env) } = options;
  if (isPictureFolder(data)) {
    throw new UsageError(
      "--mpi: expected a preset or --resume beside it, got a folder of pictures; leave --mpi out",
    );
  }
  if (isTableFile(data)) {
    throw new UsageError(
      "--mpi: expected a preset or --resume beside it, got a file of rows; a table is small enough for one process",
    );
  }
  if (workers !== 1 || device !== "cpu") {
    throw new UsageError(
      `--mpi: expected ranks with one worker on the device cpu, got workers ${workers} on ${device}; leave --workers and --device out`,
    );
  }
  const { from, resume: path, steps, lr } = options;
  const isChanged = path !== undefined && (steps !== undefined || lr !== undefined);
  if (from !== undefined || isChanged) {
    throw new UsageError(
      `--mpi: expected a run to begin or to go on with as it is, got ${isChanged ? "other --steps or --lr" : "--from"}; begin that in one process, and go on with --resume and --mpi`,
    );
  }
  return { ...options, workers, threads };
}

async function start(
  terminal: Terminal,
  preset: string | undefined,
  { out, from, ...options }: TrainOptions,
  mpi: Mpi | undefined,
): Promise<void> {
  expectNoTableOptions(options);
  expectNoPictureOptions(options);
  if (preset === undefined && from === undefined) {
    throw new UsageError(
      `train: expected a preset, --data with a file or a folder of pictures, or --resume RUN, got none of them; list presets with: iresnet info --presets`,
    );
  }
  const overrides = { ...options, command: commandLine() };
  const { config, checkpoint } =
    from === undefined
      ? { config: configure(preset!, overrides), checkpoint: undefined }
      : await fineTuning(from, preset, overrides);
  if (options.dataDir !== undefined) expectReadFrom(config.data.name, "--data-dir");
  const prepared = await prepareRun(config);
  const path = out ?? join("runs", config.preset);
  const folder = isFirst(mpi) ? await createRun(path, config) : new RunFolder(path);
  const resume = checkpoint && (await beginFrom(checkpoint, prepared, folder));
  await trainAndPrint(terminal, prepared, folder, {
    ...(resume && { resume }),
    ...(mpi && { transport: mpi }),
  });
}

async function startPictures(
  terminal: Terminal,
  path: string,
  { out = join("runs", basename(resolve(path))), ...options }: TrainOptions,
): Promise<void> {
  expectNoRun(out);
  const prepared = await preparePictureRun(terminal, path, options);
  await trainAndPrint(terminal, prepared, await createRun(out, prepared.config), {});
}

async function goOn(
  terminal: Terminal,
  path: string,
  preset: string | undefined,
  options: TrainOptions,
  mpi: Mpi | undefined,
): Promise<void> {
  const other = preset ?? Object.keys(options).find((option) => !onResume.includes(option));
  if (other !== undefined) {
    throw new UsageError(
      `--resume: expected no preset and no option but --steps, --lr, --data-dir, --threads, --device, --workers, --mpi and --json, got ${other}; a run goes on as it began`,
    );
  }
  const { folder, config, checkpoint } = await continueRun(path, options);
  terminal.note(`going on from step ${checkpoint?.training?.step ?? 0}`);
  await trainAndPrint(terminal, await prepareRun(config, terminal), folder, {
    ...(checkpoint && { resume: checkpoint }),
    ...(mpi && { transport: mpi }),
  });
}

async function trainAndPrint(
  terminal: Terminal,
  prepared: PreparedRun,
  folder: RunFolder,
  options: Pick<TrainRunOptions, "resume" | "transport">,
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
        ...(prepared.config.pictures ? [nextOf(path, prepared)] : []),
      ].join("\n\n"),
    );
  };
  const run = (signal: AbortSignal): Promise<Outcome | undefined> =>
    trainRun(prepared, { folder, listener: terminal }, { signal, onOutcome, ...options });
  if (!isFirst(options.transport)) await interruptible(terminal, run);
  else await finished(terminal, `iresnet train --resume ${path}`, run);
}

/** What to do with a run on pictures. */
function nextOf(run: string, { model }: PreparedRun): string {
  const score = `iresnet score ${run} FOLDER --out scores.csv`;
  return model.density
    ? `Score other pictures with: ${score}`
    : `Classify other pictures with: ${score}`;
}

const isFirst = (ranks: Pick<Mpi, "rank"> | undefined): boolean => (ranks?.rank ?? 0) === 0;
