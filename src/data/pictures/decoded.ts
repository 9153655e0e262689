import type { PictureHeader } from "./picture-header.js";

/** Pixels as a decoder gives them: row by row, the channels of a pixel together, 0 ... 255. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** Grey, grey with alpha, RGB, RGB with alpha. */
  readonly channels: 1 | 2 | 3 | 4;
  /** `[height, width, channels]` */
  readonly data: Uint8Array;
}

/**
 * Decodes a picture whose header was read, and whose size was found acceptable.
 * @throws {DataError} naming the file if it's damaged.
 */
export type PictureDecoder = (
  name: string,
  bytes: Uint8Array,
  header: PictureHeader,
) => Promise<DecodedPicture>;
