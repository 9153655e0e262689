import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, sep } from "node:path";
import { expectOneOf, expectOptions } from "../../border/options.js";
import { DataError } from "../../errors.js";
import { readError } from "../../files/file-errors.js";
import { fileSource } from "../readers/node-source.js";
import { openPictures, type PictureFile } from "./picture-reader.js";
import {
  pictureOptionNames,
  type PictureOptions,
  type PictureReader,
} from "./labelled-pictures.js";
import type { PictureDecoder } from "./decoded.js";
import { sharpDecoder } from "./sharp-decoder.js";

export interface PictureFolderOptions extends PictureOptions {
  /**
   * Whether subfolders are classes: `folders` (the default where there are only subfolders) or
   * `none`. Pictures in folders within a class's folder are of that class.
   */
  readonly labels?: "folders" | "none";
  /** Decodes JPEG and WebP; by the package sharp unless given. */
  readonly decode?: PictureDecoder;
}

/**
 * Opens the PNG, JPEG and WebP pictures of a folder and its subfolders, sorted by name. Hidden
 * files and other kinds of files are left out, the latter counted in the summary. JPEG and WebP
 * need the package sharp. Symbolic links are followed within the folder only.
 *
 * @param folder path of the folder, or of a single picture
 * @throws {DataError} naming the file of a picture whose header is damaged, or of a link that leads
 * out; if there are no pictures, or sizes differ and none is chosen.
 * @throws {FileError} if the folder or a file cannot be read.
 * @throws {UsageError} if there is no such option, or one is out of its range.
 */
export async function openPictureFolder(
  folder: string,
  options: PictureFolderOptions = {},
): Promise<PictureReader> {
  expectOptions(options, [...pictureOptionNames, "labels", "decode"], "openPictureFolder");
  const { labels, decode = sharpDecoder, ...rest } = options;
  if (labels !== undefined) expectOneOf(labels, ["folders", "none"], "openPictureFolder: labels");
  const root = await realpath(folder).catch((error: unknown) => {
    throw readError(folder, "a folder of pictures", error);
  });
  if ((await stat(root)).isFile()) {
    const file = { source: await fileSource(folder), file: basename(folder) };
    return openPictures(folder, [file], rest, decode);
  }
  const found: Found = { pictures: [], others: new Map() };
  await walk(folder, root, "", new Set([root]), found);
  const paths = found.pictures.sort((a, b) => (a < b ? -1 : 1));
  const inFolders = paths.filter((path) => path.includes("/")).length;
  const byFolder = (labels ?? (inFolders === paths.length ? "folders" : "none")) === "folders";
  if (labels === undefined && inFolders > 0 && inFolders < paths.length) {
    const beside = paths.find((path) => !path.includes("/"))!;
    throw new DataError(
      `${folder}: expected pictures in subfolders, one for each class, or in the folder itself, got both, such as ${beside}; move it, or say labels: "none"`,
      { name: folder },
    );
  }
  const files: PictureFile[] = [];
  for (const file of paths) {
    const source = await fileSource(join(folder, file));
    files.push({ source, file, ...(byFolder ? labelOf(file) : {}) });
  }
  const reader = await openPictures(folder, files, rest, decode);
  const left = [...found.others].map(([ending, count]) => `${count} of ${ending || "no ending"}`);
  const summary = [
    ...reader.summary,
    ...(reader.classes.length > 0
      ? [`Classes by subfolder: ${reader.classes.join(", ")}.`]
      : labels === "none"
        ? []
        : ["No classes."]),
    ...(left.length > 0 ? [`Other files left out: ${left.join(", ")}.`] : []),
  ];
  return { ...reader, summary };
}

interface Found {
  readonly pictures: string[];
  /** Numbers of other files by ending. */
  readonly others: Map<string, number>;
}

const endings = [".png", ".jpg", ".jpeg", ".webp"];

function labelOf(file: string): { label?: string } {
  const at = file.indexOf("/");
  return at < 0 ? {} : { label: file.slice(0, at) };
}

/** Gathers files below `path`; `seen` holds the real folders on the way, against loops. */
async function walk(
  folder: string,
  root: string,
  path: string,
  seen: ReadonlySet<string>,
  found: Found,
): Promise<void> {
  const at = join(folder, path);
  const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
    throw readError(at, "a folder of pictures", error);
  });
  for (const entry of entries) {
    if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
    const file = path === "" ? entry.name : `${path}/${entry.name}`;
    const isFolder = entry.isSymbolicLink()
      ? await linkedFolder(folder, root, file)
      : entry.isDirectory();
    if (isFolder) {
      const real = await realpath(join(folder, file));
      if (!seen.has(real)) await walk(folder, root, file, new Set([...seen, real]), found);
      continue;
    }
    const ending = extname(basename(file)).toLowerCase();
    // A pipe or a device has no size to be read by.
    const isFile = entry.isFile() || entry.isSymbolicLink();
    if (isFile && endings.includes(ending)) found.pictures.push(file);
    else found.others.set(ending, (found.others.get(ending) ?? 0) + 1);
  }
}

/** Whether a link within the folder leads to a folder. */
async function linkedFolder(folder: string, root: string, file: string): Promise<boolean> {
  const path = join(folder, file);
  const real = await realpath(path).catch((error: unknown) => {
    throw readError(path, "a link to a picture or folder", error);
  });
  if (real !== root && !real.startsWith(root + sep)) {
    throw new DataError(
      `${path}: expected links within the folder, got one that leads out of it; copy the files, or remove the link`,
      { name: path },
    );
  }
  return (await stat(real)).isDirectory();
}
