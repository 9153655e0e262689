import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { getData, type DownloadProgress } from "../../data/download.js";
import { imageSetName, imageSetNames, toyNames } from "../../data/index.js";
import { table } from "../../text.js";
import { pathArgument, type ResultOptions, withJson } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface DataOptions extends ResultOptions {
  readonly dataDir: string;
}

export function addData(program: Command): void {
  const data = program.command("data").description("list or download data sets");
  withFolder(data.command("list"))
    .description("list the data sets, and which of them are here")
    .action((options: DataOptions) => perform(options, (terminal) => list(terminal, options)));
  withFolder(data.command("get"))
    .description("download an image set and check it against its SHA-256")
    .argument("<name>", imageSetNames.join(", "))
    .action((name: string, options: DataOptions) =>
      perform(options, (terminal) => get(terminal, name, options)),
    );
}

function withFolder(command: Command): Command {
  return withJson(
    command.option("--data-dir <dir>", "folder of the data sets", pathArgument, "data"),
  );
}

async function list(terminal: Terminal, { dataDir }: DataOptions): Promise<void> {
  const images = await Promise.all(
    imageSetNames.map(async (name) => {
      const folder = join(dataDir, name);
      const here = await stat(folder).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return { name, kind: "images", ...(here && { folder }) };
    }),
  );
  const toys = toyNames.map((name) => ({ name, kind: "2-D density" }));
  terminal.result(
    [...images, ...toys],
    table([
      ...images.map(({ name, kind, folder }) => [name, kind, folder ?? `iresnet data get ${name}`]),
      ...toys.map(({ name, kind }) => [name, kind, "made on the fly"]),
    ]),
  );
}

async function get(terminal: Terminal, name: string, { dataDir }: DataOptions): Promise<void> {
  const known = imageSetName(name);
  const started = Date.now();
  const onProgress = ({ file, received, total }: DownloadProgress): void => {
    terminal.progress({
      label: file,
      done: received,
      ...(total !== undefined && { total }),
      unit: "bytes",
      rate: received / ((Date.now() - started) / 1000),
    });
  };
  const folder = await getData(known, dataDir, { onProgress });
  terminal.result({ name: known, folder }, `${known} is in ${folder}`);
}
