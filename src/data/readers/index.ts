// Not here: node-source.ts, which needs Node.
export { openCsv, type CsvOptions } from "./csv.js";
export { openJson, type JsonOptions } from "./json.js";
export { openNpy, readNpy, type NpyOptions } from "./npy-table.js";
export { type NpyData } from "./npy-types.js";
export { type NpyArray } from "./npy.js";
export { openNpz, readNpz, type NpzOptions } from "./npz.js";
export {
  openTable,
  registerTableFormat,
  type OpenTableOptions,
  type TableFormat,
} from "./open-table.js";
export { openParquet, type ParquetOptions } from "./parquet.js";
export { blobSource, bytesSource, type ByteSource } from "./source.js";
export { type TextEncoding } from "./text.js";
