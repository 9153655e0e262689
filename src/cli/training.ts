import { basename, join, resolve } from "node:path";
import { expectReadFrom } from "../data/index.js";
import { UsageError } from "../errors.js";
import { configureFrom, type Overrides } from "../runs/configuration.js";
import { continueRun } from "../runs/continue.js";
import { evaluationText, reconstructionText } from "../runs/describe.js";
import { beginFrom, fineTuning } from "../runs/fine-tune.js";
import { prepareRun, type PreparedRun } from "../runs/prepare.js";
import { createRun, expectNoRun, RunFolder } from "../runs/run-folder.js";
import { isFirst, trainRun, type Outcome, type TrainRunOptions } from "../runs/train-run.js";
import { findPreset } from "../train/presets/index.js";
import type { Mpi } from "../mpi/mpi.js";
import { commandLine } from "./command-line.js";
import { finished, interruptible } from "./interrupt.js";
import { threadsPerRank } from "./ranks.js";
import {
  expectNoPictureOptions,
  isPictureFolder,
  preparePictureRun,
  type PictureTrainOptions,
} from "./pictures.js";
import {
  expectNoTableOptions,
  isTableFile,
  trainTableAndPrint,
  type TableOptions,
} from "./table.js";
import type { Terminal } from "./terminal.js";

/** Options of `iresnet train`. */
export interface TrainOptions
  extends Omit<Overrides, "command">, PictureTrainOptions, TableOptions {
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

/** Begins or goes on with the run that the options say. */
export function train(
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
export function ofRank(options: TrainOptions): TrainOptions {
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
      ? { config: configureFrom(findPreset(preset!), overrides), checkpoint: undefined }
      : await fineTuning(from, preset, overrides);
  if (options.dataDir !== undefined) expectReadFrom(config.data.name, "--data-dir");
  const prepared = await prepareRun(config);
  const path = out ?? join("runs", config.preset);
  const folder = isFirst({ transport: mpi }) ? await createRun(path, config) : new RunFolder(path);
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
  const { folder, prepared, checkpoint } = await continueRun(path, options, terminal);
  terminal.note(`going on from step ${checkpoint?.training?.step ?? 0}`);
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
        ...(prepared.config.pictures ? [nextOf(path, prepared)] : []),
      ].join("\n\n"),
    );
  };
  const run = (signal: AbortSignal): Promise<Outcome | undefined> =>
    trainRun(prepared, { folder, listener: terminal }, { signal, onOutcome, ...options });
  if (!isFirst(options)) await interruptible(terminal, run);
  else await finished(terminal, `iresnet train --resume ${path}`, run);
}

/** What to do with a run on pictures. */
function nextOf(run: string, { model }: PreparedRun): string {
  const score = `iresnet score ${run} FOLDER --out scores.csv`;
  return model.density
    ? `Score other pictures with: ${score}`
    : `Classify other pictures with: ${score}`;
}
