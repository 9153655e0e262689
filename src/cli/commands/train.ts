import { join } from "node:path";
import { Option, type Command } from "commander";
import { expectReadFrom } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { activationNames } from "../../nn/index.js";
import { configure, workersConfig, type Overrides } from "../../runs/configuration.js";
import { evaluationText, reconstructionText } from "../../runs/describe.js";
import { prepareRun, type PreparedRun } from "../../runs/prepare.js";
import {
  createRun,
  expectTrains,
  readCheckpoint,
  readRunConfig,
  RunFolder,
} from "../../runs/run-folder.js";
import { trainRun, type Outcome, type TrainRunOptions } from "../../runs/train-run.js";
import { presets } from "../../train/presets/index.js";
import type { Mpi } from "../../mpi/mpi.js";
import { commandLine } from "../command-line.js";
import { finished, interruptible } from "../interrupt.js";
import {
  betweenZeroAndOne,
  positiveNumber,
  wholeFrom,
  withJson,
  withThreads,
  workersOption,
} from "../options.js";
import { perform } from "../perform.js";
import { asRank, threadsPerRank } from "../ranks.js";
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
  readonly mpi?: boolean;
}

/** Options that may go with `--resume`. */
const onResume: readonly string[] = [
  "resume",
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
    .description("train a preset, or on a table of your own, or go on with a run")
    .argument("[preset]", `one of: ${Object.keys(presets).join(", ")}`)
    .optionsGroup("Simple options:")
    .option("--data-dir <dir>", "folder of the data sets (default: data)")
    .option(
      "--data <file>",
      "rows to learn: CSV, JSON, NPZ, Parquet, - for standard input; beside a preset, the name of other data of the same shape",
    )
    .option("--out <dir>", "folder of the run (default: runs/PRESET, or runs/ and the file's name)")
    .option("--resume <dir>", "go on with the run in this folder, bit for bit")
    .option("--steps <n>", "training steps (default: the preset's)", wholeFrom(1));
  withJson(withThreads(withTableOptions(command)))
    .optionsGroup("Advanced options:")
    .option(
      "--workers <n>",
      "parts of each batch, on threads of their own, or auto: 1, or as many as threads if that is faster (default: auto)",
      workersOption,
    )
    .option(
      "--mpi",
      "take each step together with the other processes of mpirun, see docs/scale.md",
    )
    .option("--batch-size <n>", "examples a step (default: the preset's)", wholeFrom(1))
    .option("--lr <rate>", "learning rate after warm-up (default: the preset's)", positiveNumber)
    .option("--c <bound>", "Lipschitz bound of each layer, 0 < c < 1", betweenZeroAndOne)
    .addOption(new Option("--vanilla", "no Lipschitz bound: no guaranteed inverse").conflicts("c"))
    .addOption(new Option("--activation <name>", "activation").choices(activationNames()))
    .option("--seed <n>", "decides all randomness (default: the preset's)", wholeFrom(0))
    .option("--validate-every <n>", "steps between validations (default: a 10th)", wholeFrom(1))
    .option("--checkpoint-every <n>", "steps between checkpoints (default: 250)", wholeFrom(1))
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
  mpirun -np 2 npx iresnet train mnist-density --mpi

The run's folder gets config.json, metrics.jsonl, checkpoint.safetensors (the newest state),
best.safetensors (the best on validation data), pictures and report.html. Ctrl-C saves the run
and ends it; the resumed run is the same, bit for bit, on as many threads and workers.`,
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
  if (options.resume !== undefined) return resume(terminal, options.resume, preset, options, mpi);
  return preset === undefined && isTableFile(options.data)
    ? trainTableAndPrint(terminal, options.data, options)
    : start(terminal, preset, options, mpi);
}

/** @throws {UsageError} if an option doesn't go with ranks. */
function ofRank(options: TrainOptions): TrainOptions {
  const { workers = 1, device = "cpu", data, threads = threadsPerRank(process.env) } = options;
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
  return { ...options, workers, threads };
}

async function start(
  terminal: Terminal,
  preset: string | undefined,
  { out, ...options }: TrainOptions,
  mpi: Mpi | undefined,
): Promise<void> {
  expectNoTableOptions(options);
  if (preset === undefined) {
    throw new UsageError(
      `train: expected a preset, one of ${Object.keys(presets).join(", ")}, or --data FILE, or --resume, got none of them`,
    );
  }
  const config = configure(preset, { ...options, command: commandLine() });
  if (options.dataDir !== undefined) expectReadFrom(config.data.name, "--data-dir");
  const prepared = await prepareRun(config);
  const path = out ?? join("runs", config.preset);
  const folder = isFirst(mpi) ? await createRun(path, config) : new RunFolder(path);
  await trainAndPrint(terminal, prepared, folder, { ...(mpi && { transport: mpi }) });
}

async function resume(
  terminal: Terminal,
  path: string,
  preset: string | undefined,
  options: TrainOptions,
  mpi: Mpi | undefined,
): Promise<void> {
  const other = preset ?? Object.keys(options).find((option) => !onResume.includes(option));
  if (other !== undefined) {
    throw new UsageError(
      `--resume: expected no preset and no option but --data-dir, --threads, --device, --workers, --mpi and --json, got ${other}; a run goes on as it began`,
    );
  }
  const { dataDir, threads, device, workers } = options;
  const folder = new RunFolder(path);
  const { workers: before, ...saved } = expectTrains(await readRunConfig(folder));
  if (saved.table) {
    throw new UsageError(
      `--resume: expected a run of a preset, got one on a table, which ended by itself; train again with: iresnet train --data ${saved.table.file}`,
    );
  }
  if (dataDir !== undefined) expectReadFrom(saved.data.name, "--data-dir");
  const hasBegun = saved.engine !== undefined;
  const config = {
    ...saved,
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
    ...workersConfig(workers ?? before ?? (hasBegun ? 1 : "auto")),
    data: { ...saved.data, ...(dataDir !== undefined && { folder: dataDir }) },
  };
  const checkpoint = await readCheckpoint(folder, config);
  terminal.note(`going on from step ${checkpoint?.training?.step ?? 0}`);
  const prepared = await prepareRun(config);
  await trainAndPrint(terminal, prepared, folder, {
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
      ].join("\n\n"),
    );
  };
  const run = (signal: AbortSignal): Promise<Outcome | undefined> =>
    trainRun(prepared, { folder, listener: terminal }, { signal, onOutcome, ...options });
  if (!isFirst(options.transport)) await interruptible(terminal, run);
  else await finished(terminal, `iresnet train --resume ${path}`, run);
}

const isFirst = (ranks: Pick<Mpi, "rank"> | undefined): boolean => (ranks?.rank ?? 0) === 0;
