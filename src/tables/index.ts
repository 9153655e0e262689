export * from "./decode-table.js";
export {
  encodeTable,
  tableKinds,
  type EncodedTable,
  type EncodeTableOptions,
} from "./encode-table.js";
export * from "./evaluate-table.js";
export * from "./explain-table.js";
export * from "./fit-table.js";
export * from "./recipe.js";
export * from "./records-table.js";
export * from "./score.js";
export * from "./score-count.js";
export * from "./score-reader.js";
export * from "./score-table.js";
export * from "./summary.js";
export * from "./table-data.js";
