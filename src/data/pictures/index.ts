// Not here: picture-folder.ts and sharp-decoder.ts, which need Node.
export { type DecodedPicture, type PictureDecoder } from "./decoded.js";
export { type PictureHeader } from "./picture-header.js";
export { openPictures, readPictures, type PictureFile } from "./picture-reader.js";
export {
  type PictureOptions,
  type PictureProblem,
  type PictureReader,
  type Pictures,
} from "./labelled-pictures.js";
