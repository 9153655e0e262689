export {
  encodeTable,
  tableKinds,
  type EncodedTable,
  type EncodeTableOptions,
} from "./encode-table.js";
export * from "./fit-table.js";
export * from "./recipe.js";
export * from "./score.js";
export * from "./score-count.js";
export * from "./score-table.js";
export * from "./summary.js";
export * from "./table-data.js";
