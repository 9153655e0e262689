export * from "./decode-table.js";
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
export { scoreRows, type RowScores, type ScoreRowsOptions } from "./score-rows.js";
export * from "./score-table.js";
export * from "./summary.js";
export * from "./table-data.js";
