// Not here: node-writer.ts, which needs Node.
export { csvText, type WriteCsvOptions } from "./csv.js";
export { jsonText } from "./json.js";
export { tableEndings, tableFile } from "./table-file.js";
export {
  npyBytes,
  npzBytes,
  outputArray,
  tableArrays,
  type OutputArray,
  type OutputNumbers,
  type WriteNpzOptions,
} from "./npy.js";
