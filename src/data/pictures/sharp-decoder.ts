import { DataError, UsageError } from "../../errors.js";
import type { DecodedPicture, PictureDecoder } from "./decoded.js";

/**
 * Decodes JPEG and WebP in Node by the package sharp, which isn't installed with this one. Pictures
 * stay as they are stored: an orientation that a camera noted isn't applied.
 *
 * @throws {DataError} naming the file if it's damaged.
 * @throws {UsageError} if sharp isn't installed.
 * @see https://sharp.pixelplumbing.com
 */
export const sharpDecoder: PictureDecoder = async (name, bytes, { width, height, colour }) => {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new UsageError(
      `${name}: expected the package sharp to read JPEG and WebP pictures, got none; install it (npm install sharp), or save the pictures as PNG`,
      { name: "sharp", cause },
    );
  });
  try {
    const { data, info } = await sharp(bytes, {
      limitInputPixels: width * height,
      failOn: "truncated",
    })
      .toColourspace(colour ? "srgb" : "b-w")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height) {
      throw new Error(`${info.width} x ${info.height} pixels, not ${width} x ${height}`);
    }
    return decoded(data, info.width, info.height, info.channels);
  } catch (error) {
    throw new DataError(
      `${name}: expected a whole picture, got a damaged one (${String(error).split("\n")[0]}); save the picture again, or leave it out`,
      { name, cause: error },
    );
  }
};

function decoded(data: Buffer, width: number, height: number, channels: number): DecodedPicture {
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw new Error(`${channels} channels`);
  }
  return { width, height, channels, data };
}
