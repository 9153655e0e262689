import { existsSync, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { expectWhole, ranges } from "../border/ranges.js";
import { UsageError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { classCondition } from "../images/index.js";
import { imageSheet } from "../pictures/image-sheet.js";
import { encodeImage, encodeRgb } from "../pictures/png.js";
import type { Runner, SampleOptions } from "../runner/index.js";
import { ndarray, sizeOf } from "../tree.js";
import { counter, type Listener } from "./listener.js";
import { samplesPicture } from "./run-pictures.js";

export interface SamplePicturesOptions extends Omit<SampleOptions, "condition" | "first"> {
  /** Ends it between draws, by its reason. */
  readonly signal?: AbortSignal;
  /**
   * For one sheet with all samples an `.svg`, which has a title, or a `.png`, which is pixels alone; or a
   * folder for a PNG of each, `0001.png` on.
   */
  readonly out: string;
  /** Class of the samples of a density by class; unless given, classes take turns. */
  readonly class?: string | undefined;
}

/** Samples that are drawn at once. */
const chunk = 100;
/** Most pictures on a sheet. */
const mostOnSheet = 10_000;

/**
 * Draws from a density of pictures into files.
 *
 * @returns the sheet, or the single pictures.
 * @throws {UsageError} if `out` is neither a sheet nor a new or empty folder, before anything is drawn.
 */
export async function samplePictures(
  runner: Runner,
  count: number,
  { out, class: name, signal, ...options }: SamplePicturesOptions,
  listener: Listener,
): Promise<readonly string[]> {
  expectPictureOut(out, count);
  const { shape } = runner.model;
  const onProgress = counter(listener, { label: "sample", unit: "pictures" });
  const sheet = isSheet(out) ? new Float32Array(count * sizeOf(shape)) : undefined;
  const files: string[] = [];
  const digits = Math.max(4, String(count).length);
  for (let first = 0; first < count; first += chunk) {
    const size = Math.min(chunk, count - first);
    signal?.throwIfAborted();
    const given = classCondition(runner.data, size, { class: name, first });
    const samples = await runner.sample(size, { ...options, ...given, first });
    sheet?.set(samples.data, first * sizeOf(shape));
    for (let i = 0; i < (sheet ? 0 : size); i++) {
      const file = join(out, `${String(first + i + 1).padStart(digits, "0")}.png`);
      await writeFileAtomic(file, encodeImage(samples, i));
      files.push(file);
    }
    onProgress(first + size, count);
  }
  if (!sheet) return files;
  const images = ndarray(sheet, [count, ...shape]);
  const { temperature = 1 } = options;
  await writeFileAtomic(
    out,
    isPng(out)
      ? encodeRgb(imageSheet(images))
      : samplesPicture(runner, images, { temperature, class: name }),
  );
  return [out];
}

function isSheet(out: string): boolean {
  return isPng(out) || out.toLowerCase().endsWith(".svg");
}

function isPng(out: string): boolean {
  return out.toLowerCase().endsWith(".png");
}

function expectPictureOut(out: string, count: number): void {
  expectWhole(count, ranges.examples, "--count: of pictures");
  if (isSheet(out)) {
    if (count <= mostOnSheet) return;
    throw new UsageError(
      `--out: expected at most ${mostOnSheet} samples on a sheet, got ${count}; name a folder for single pictures, such as samples/`,
    );
  }
  const isFolder = statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && !/[/\\]$/.test(out) && extname(out) !== "") {
    throw new UsageError(
      `--out: expected a sheet, such as sheet.svg or sheet.png, or a folder for single pictures, such as samples/, got ${out}`,
    );
  }
  if (existsSync(out) && (!isFolder || readdirSync(out).length > 0)) {
    throw new UsageError(
      `--out: expected a new or an empty folder, got ${out} with something in it; choose another`,
    );
  }
}
