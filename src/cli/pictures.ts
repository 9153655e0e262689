import { statSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { openPictureFolder } from "../data/pictures/picture-folder.js";
import type { Table } from "../data/table.js";
import { dataNames } from "../data/index.js";
import { UsageError } from "../errors.js";
import {
  PictureCount,
  pictureOptions,
  pictureScoresAsTable,
  scorePictureChunks,
  type PictureSummary,
} from "../images/index.js";
import type { AnyRunner } from "../runner/index.js";
import type { Overrides } from "../runs/configuration.js";
import { counter } from "../runs/listener.js";
import { preparePictures, type PictureSource } from "../runs/picture-run.js";
import type { PreparedRun } from "../runs/prepare.js";
import { table } from "../text.js";
import { commandLine } from "./command-line.js";
import type { Terminal } from "./terminal.js";

/** Options of `train` that go with a folder of pictures alone. */
export type PictureTrainOptions = Pick<PictureSource, "size" | "fit" | "channels">;

const own = ["size", "fit", "channels"] as const satisfies (keyof PictureTrainOptions)[];
/** Options of `train` that a folder of pictures has nothing to do with. */
const foreign = ["label", "ignore", "missing", "dataDir", "from"] as const;

/** What `train` knows of a folder of pictures. */
interface PictureRunOptions
  extends
    PictureTrainOptions,
    Pick<PictureSource, "holdout" | "model">,
    Omit<Overrides, "data" | "dataDir"> {
  readonly condition?: readonly string[];
}

/** Whether `--data` names a folder rather than a data set that is known by name. */
export function isPictureFolder(data: string | undefined): data is string {
  if (data === undefined || dataNames().includes(data)) return false;
  return statSync(data, { throwIfNoEntry: false })?.isDirectory() === true;
}

export function withPictureOptions(command: Command): Command {
  return command
    .option(
      "--size <width>x<height>",
      "bring all pictures to this size, such as 32x32 (default: theirs, if it is one)",
      pictureSize,
    )
    .addOption(
      new Option(
        "--fit <how>",
        "where proportions differ: crop what is too much, or stretch (default: crop)",
      ).choices(["crop", "stretch"]),
    )
    .addOption(
      new Option("--channels <colours>", "colours (default: grey if all are, else rgb)").choices([
        "grey",
        "rgb",
      ]),
    );
}

/** Reads a size in pixels, `40x28` or `32`, as `[height, width]`. */
function pictureSize(text: string): readonly [number, number] {
  const [, width, height = width] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
  const size = [Number(height), Number(width)] as const;
  if (size.every((side) => side >= 1)) return size;
  throw new InvalidArgumentError("Expected a width and a height in pixels, such as 40x28.");
}

/** @throws {UsageError} if an option is one of folders of pictures, which there is none of. */
export function expectNoPictureOptions(options: object): void {
  const name = own.find((one) => one in options);
  if (name === undefined) return;
  throw new UsageError(
    `--${name}: expected --data FOLDER of pictures and no preset beside it, got none; name a folder, such as --data pictures`,
  );
}

/** The run that `train --data FOLDER` begins. */
export function preparePictureRun(
  terminal: Terminal,
  folder: string,
  options: PictureRunOptions,
): Promise<PreparedRun> {
  const other = foreign.find((name) => name in options);
  if (other !== undefined) {
    throw new UsageError(
      `--${other === "dataDir" ? "data-dir" : other}: expected no such option with a folder of pictures; leave it out`,
    );
  }
  const { model, size, fit, channels, holdout, condition, ...overrides } = options;
  if (condition !== undefined && condition.join() !== "class") {
    throw new UsageError(
      `--condition: expected class with a folder of pictures, got ${condition.join()}; the subfolders are the classes`,
      { name: "condition" },
    );
  }
  const source = {
    folder,
    ...(model !== undefined && { model }),
    ...(size && { size }),
    ...(fit && { fit }),
    ...(channels && { channels }),
    ...(holdout !== undefined && { holdout }),
    ...(condition && { conditional: true }),
  };
  return preparePictures(source, { ...overrides, command: commandLine() }, terminal);
}

/**
 * Scores of a folder's pictures, or of a single one, as tables to write, and what they came to. The
 * signal ends the tables by its reason.
 */
export async function scoredPictures(
  terminal: Terminal,
  runner: AnyRunner,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly tables: AsyncIterable<Table>; readonly summary: () => PictureSummary }> {
  const data = runner.data ?? { ...runner.model, name: runner.model.kind };
  const reader = await openPictureFolder(path, {
    ...pictureOptions(data),
    labels: "none",
    invalid: "skip",
    chunkPictures: 100,
  });
  for (const found of reader.summary) terminal.note(found);
  if (runner.model.density && !runner.data?.pictures?.heldOut) {
    terminal.warn(
      "this model's checkpoint holds no scores of held-out pictures, so there are no p-values; they come with a finished run of iresnet train --data FOLDER",
    );
  }
  const count = new PictureCount();
  const onProgress = counter(terminal, { label: "score", unit: "pictures" });
  async function* tables(): AsyncGenerator<Table> {
    for await (const scores of scorePictureChunks(runner, reader.chunks())) {
      signal.throwIfAborted();
      for (const { message } of scores.problems) terminal.warn(message);
      count.add(scores);
      onProgress(count.summary().pictures, reader.count);
      yield pictureScoresAsTable(scores);
    }
  }
  return { tables: tables(), summary: () => count.summary() };
}

/** What scores of pictures came to, in lines. */
export function pictureSummaryText({ pictures, unread, flagged, classes }: PictureSummary): string {
  const share = (count: number): string =>
    `${count} (${((100 * count) / Math.max(1, pictures - unread)).toFixed(2)} %)`;
  return table([
    ["pictures", String(pictures)],
    ["not read", String(unread)],
    ...flagged.map(({ rate, pictures: some }) => [`p <= ${rate}`, share(some)]),
    ...classes.map(({ name, pictures: some }) => [`class ${name}`, share(some)]),
  ]);
}
