import type { Shape } from "../../tree.js";
import type { PictureFit } from "./fit-picture.js";

/** Pictures of one size: all of a source, or a chunk of them. */
export interface Pictures {
  /** Name of the folder. */
  readonly name: string;
  /** `[C, H, W]` of each; C is 1 for grey, 3 for RGB. */
  readonly shape: Shape;
  /** How each was brought to that. */
  readonly to: PictureFit;
  readonly count: number;
  /** `[count, C, H, W]`, 0 ... 255. */
  readonly pixels: Uint8Array;
  /** `[count]`, index into `classes`; absent without classes. */
  readonly labels?: Int32Array;
  readonly classes: readonly string[];
  /** Name of each picture's file within the folder. */
  readonly files: readonly string[];
  /** Pictures that `invalid: "skip"` left out. */
  readonly problems: readonly PictureProblem[];
}

export interface PictureProblem {
  readonly file: string;
  /** The error's sentence. */
  readonly message: string;
}

/** Pictures, opened: their number, size and classes are known, their pixels still to come. */
export interface PictureReader {
  readonly name: string;
  /** `[C, H, W]` */
  readonly shape: Shape;
  /** How each is brought to that. */
  readonly to: PictureFit;
  /** Pictures there are; fewer come where `invalid: "skip"` leaves some out. */
  readonly count: number;
  /** Names of classes, sorted; `[]` without. */
  readonly classes: readonly string[];
  /** Findings and decisions, a sentence each. */
  readonly summary: readonly string[];
  /**
   * All pictures, sorted by their files' names, in chunks of at most `chunkPictures`; as often as
   * wanted.
   *
   * @throws {DataError} naming the file of a picture that is damaged.
   */
  chunks(): AsyncIterable<Pictures>;
}

/** How pictures are read. */
export interface PictureOptions {
  /** `[height, width]` to bring all to; theirs unless given, which must then be one. */
  readonly size?: readonly [height: number, width: number];
  /** Where proportions differ: cut off what is too much (the default), or stretch. */
  readonly fit?: "crop" | "stretch";
  /** `grey` if all are, else `rgb`, unless given. */
  readonly channels?: "grey" | "rgb";
  /** Lay pictures with transparency on the background (the default), or refuse them. */
  readonly alpha?: "flatten" | "refuse";
  /** Grey of the background, 0 ... 255; 255, white, unless given. */
  readonly background?: number;
  /** Whether a picture that can't be read is an error (the default), or left out and listed. */
  readonly invalid?: "error" | "skip";
  /** Most pixels of a picture; 2²⁶ unless given. A larger one is refused before it is unpacked. */
  readonly maxPixels?: number;
  /** Most pictures of a chunk; 256 unless given. */
  readonly chunkPictures?: number;
}

export const pictureOptionNames = [
  "size",
  "fit",
  "channels",
  "alpha",
  "background",
  "invalid",
  "maxPixels",
  "chunkPictures",
] as const;
