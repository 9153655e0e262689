export * from "./cells.js";
export * from "./decode-table.js";
export {
  encodeTable,
  featureNames,
  tableKinds,
  type EncodedTable,
  type EncodeTableOptions,
} from "./encode-table.js";
export * from "./fit-table.js";
export { scoreOptions } from "./held-out.js";
export * from "./recipe.js";
export * from "./score.js";
export * from "./score-count.js";
export * from "./score-table.js";
export * from "./summary.js";
export * from "./table-data.js";
