import { expectKind } from "../../border/kinds.js";
import { expectOneOf } from "../../border/options.js";
import { DataError, IresnetError, UsageError } from "../../errors.js";
import { sizeOf } from "../../tree.js";
import type { ByteSource } from "../readers/source.js";
import { expectCount } from "../readers/table-options.js";
import type { DecodedPicture, PictureDecoder } from "./decoded.js";
import { fitPicture, type PictureFit } from "./fit-picture.js";
import { pictureHeader, type PictureHeader } from "./picture-header.js";
import type {
  PictureOptions,
  PictureProblem,
  PictureReader,
  Pictures,
} from "./labelled-pictures.js";
import { decodePng } from "./png.js";

/** A picture's file and its class. */
export interface PictureFile {
  readonly source: ByteSource;
  /** Name within the folder. */
  readonly file: string;
  /** Name of its class; of all pictures or of none. */
  readonly label?: string;
}

/** Bytes in which a header is looked for before the whole file is read. */
const headerSize = 1 << 16;

/** No picture's file is larger. */
const maxFile = 1 << 28;

/** Most pixels that are held at once. */
const mostBytes = 2 ** 31;

/**
 * Opens pictures: reads their headers, decides on one size and on colours. PNG is decoded here,
 * JPEG and WebP by `decode`.
 *
 * @throws {DataError} if there are none, sizes differ and none is chosen, or a header is damaged.
 * @throws {UsageError} if an option is out of its range.
 */
export async function openPictures(
  name: string,
  files: readonly PictureFile[],
  options: PictureOptions,
  decode: PictureDecoder,
): Promise<PictureReader> {
  expectKind(files, "list", "openPictures");
  for (const file of files) expectKind(file, "picture file", "openPictures");
  expectKind(options, "object", "openPictures");
  const { invalid = "error", maxPixels = 2 ** 26, chunkPictures = 256 } = options;
  expectOneOf(invalid, ["error", "skip"], "Pictures: invalid");
  expectOneOf(options.alpha ?? "flatten", ["flatten", "refuse"], "Pictures: alpha");
  expectCount(maxPixels, "maxPixels", "Pictures");
  expectCount(chunkPictures, "chunkPictures", "Pictures");
  const { headers, problems } = await readHeaders(files, maxPixels, invalid);
  const known = [...headers.values()];
  if (known.length === 0) {
    throw new DataError(
      `${name}: expected PNG, JPEG or WebP pictures, got ${problems.length === 0 ? "none" : `none that can be read (${problems[0]!.message})`}; check the folder`,
      { name },
    );
  }
  const to = fitOf(name, headers, options);
  const shape = [to.channels, to.height, to.width];
  const labels = files.map(({ label }) => label);
  const classes = [...new Set(labels.filter((label) => label !== undefined))].sort();
  const isLabelled = classes.length > 0;
  if (isLabelled && labels.includes(undefined)) {
    throw new DataError(
      `${name}: expected every picture in a class's folder, or none, got ${files.find(({ label }) => label === undefined)!.file} outside; move it, or read without classes`,
      { name },
    );
  }
  async function* chunks(): AsyncGenerator<Pictures> {
    for (let start = 0; start < files.length; start += chunkPictures) {
      const part = files.slice(start, start + chunkPictures);
      const pixels = new Uint8Array(part.length * sizeOf(shape));
      const read: PictureFile[] = [];
      const skipped: PictureProblem[] = [];
      for (const one of part) {
        const header = headers.get(one.file);
        try {
          if (header === undefined) {
            skipped.push(problems.find(({ file }) => file === one.file)!);
            continue;
          }
          const decoded = await decodeFile(one, header, options, decode);
          pixels.set(fitPicture(decoded, to), read.length * sizeOf(shape));
          read.push(one);
        } catch (error) {
          if (invalid === "error" || !(error instanceof DataError)) throw error;
          skipped.push({ file: one.file, message: error.message });
        }
      }
      yield {
        name,
        shape,
        to,
        count: read.length,
        pixels: pixels.subarray(0, read.length * sizeOf(shape)),
        ...(isLabelled
          ? { labels: Int32Array.from(read, ({ label }) => classes.indexOf(label!)) }
          : {}),
        classes,
        files: read.map(({ file }) => file),
        problems: skipped,
      };
    }
  }
  return { name, shape, to, count: files.length, classes, summary: summaryOf(known, to), chunks };
}

/**
 * All pictures of a reader in one array.
 *
 * @param onProgress told after each chunk how many are read, and how many there are
 * @throws {DataError} if they would take more than 2 GiB, or what {@link PictureReader.chunks} throws.
 */
export async function readPictures(
  reader: PictureReader,
  { onProgress }: { readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<Pictures> {
  expectKind(reader, "picture reader", "readPictures");
  const size = sizeOf(reader.shape);
  if (reader.count * size > mostBytes) {
    throw new DataError(
      `${reader.name}: expected at most ${mostBytes} bytes of pixels, got ${reader.count} pictures of ${size} each; choose a smaller size, or leave some out`,
      { name: reader.name },
    );
  }
  const pixels = new Uint8Array(reader.count * size);
  const labels: number[] = [];
  const files: string[] = [];
  const problems: PictureProblem[] = [];
  let count = 0;
  for await (const chunk of reader.chunks()) {
    pixels.set(chunk.pixels, count * size);
    count += chunk.count;
    labels.push(...(chunk.labels ?? []));
    files.push(...chunk.files);
    problems.push(...chunk.problems);
    onProgress?.(count + problems.length, reader.count);
  }
  return {
    name: reader.name,
    shape: reader.shape,
    to: reader.to,
    count,
    pixels: pixels.subarray(0, count * size),
    ...(reader.classes.length > 0 ? { labels: Int32Array.from(labels) } : {}),
    classes: reader.classes,
    files,
    problems,
  };
}

async function readHeaders(
  files: readonly PictureFile[],
  maxPixels: number,
  invalid: "error" | "skip",
): Promise<{ headers: Map<string, PictureHeader>; problems: PictureProblem[] }> {
  const headers = new Map<string, PictureHeader>();
  const problems: PictureProblem[] = [];
  for (const one of files) {
    try {
      const header = await readHeader(one);
      const { width, height } = header;
      if (width * height > maxPixels) {
        throw new DataError(
          `${one.source.name}: expected at most ${maxPixels} pixels, got ${width} x ${height}; leave the picture out, or raise maxPixels`,
          { name: one.source.name },
        );
      }
      headers.set(one.file, header);
    } catch (error) {
      if (invalid === "error" || !(error instanceof IresnetError)) throw error;
      problems.push({ file: one.file, message: error.message });
    }
  }
  return { headers, problems };
}

async function readHeader({ source }: PictureFile): Promise<PictureHeader> {
  const { name, size = 0 } = source;
  if (size > maxFile) {
    throw new DataError(
      `${name}: expected a picture of at most ${maxFile} bytes, got ${size}; leave it out`,
      { name },
    );
  }
  const head = await source.slice!(0, Math.min(size, headerSize));
  try {
    return pictureHeader(name, head);
  } catch (error) {
    // A JPEG may hold a thumbnail and a colour profile before its header.
    if (size <= headerSize) throw error;
    return pictureHeader(name, await source.slice!(0, size));
  }
}

async function decodeFile(
  { source }: PictureFile,
  header: PictureHeader,
  { alpha = "flatten" }: PictureOptions,
  decode: PictureDecoder,
): Promise<DecodedPicture> {
  const { name, size = 0 } = source;
  const bytes = await source.slice!(0, size);
  const decoded =
    header.format === "png" ? decodePng(name, bytes) : await decode(name, bytes, header);
  if (alpha === "refuse" && decoded.channels % 2 === 0) {
    throw new DataError(
      `${name}: expected a picture without transparency, got one with it; save it without, or lay it on a background (alpha: "flatten")`,
      { name },
    );
  }
  return decoded;
}

function fitOf(
  name: string,
  headers: ReadonlyMap<string, PictureHeader>,
  options: PictureOptions,
): PictureFit {
  const { fit = "crop", background = 255, size } = options;
  expectOneOf(fit, ["crop", "stretch"], "Pictures: fit");
  const [first, ...others] = [...headers];
  const { width, height } = first![1];
  const other = others.find(([, header]) => header.width !== width || header.height !== height);
  if (size === undefined && other !== undefined) {
    throw new DataError(
      `${name}: expected pictures of one size, got ${first![0]} of ${width} x ${height} and ${other[0]} of ${other[1].width} x ${other[1].height} (width x height); choose a size [height, width] to bring all to`,
      { name },
    );
  }
  const [high, wide] = size ?? [height, width];
  for (const side of [high, wide]) {
    if (Number.isInteger(side) && side >= 1 && side <= 4096) continue;
    throw new UsageError(
      `Pictures: expected size [height, width] of whole numbers from 1 to 4096, got [${high}, ${wide}]; choose others`,
      { name: "size" },
    );
  }
  if (!(background >= 0 && background <= 255)) {
    throw new UsageError(
      `Pictures: expected background from 0 to 255, got ${background}; choose one of these`,
      { name: "background" },
    );
  }
  const anyColour = [...headers.values()].some(({ colour }) => colour);
  const chosen = options.channels ?? (anyColour ? "rgb" : "grey");
  const channels = expectOneOf(chosen, ["grey", "rgb"], "Pictures: channels") === "rgb" ? 3 : 1;
  return { height: high, width: wide, fit, channels, background };
}

function summaryOf(headers: readonly PictureHeader[], to: PictureFit): string[] {
  const sizes = new Set(headers.map(({ width, height }) => `${width} x ${height}`));
  const { width, height } = headers[0]!;
  const same = sizes.size === 1 && width === to.width && height === to.height;
  const brought = to.fit === "crop" ? "scaled and cropped" : "stretched";
  const from = sizes.size === 1 ? [...sizes][0]! : `${sizes.size} sizes`;
  return [
    `${headers.length} ${headers.length === 1 ? "picture" : "pictures"} of ${from}${same ? "" : `, ${brought} to ${to.width} x ${to.height}`} (width x height).`,
    to.channels === 3 ? "Colours: red, green, blue." : "Colours: grey.",
  ];
}
