export * from "./decode-table.js";
export { tableKinds } from "./codecs.js";
export {
  encodeTable,
  type EncodedTable,
  type EncodeTableOptions,
} from "./encode-table.js";
export * from "./fit-table.js";
export { tableModelNames, type TableModelName } from "./models.js";
export * from "./predict-table.js";
export type { PredictionSummary } from "./prediction-count.js";
export * from "./recipe.js";
export * from "./results-table.js";
export * from "./sample-table.js";
export * from "./score.js";
export * from "./score-count.js";
export * from "./score-table.js";
export * from "./summary.js";
export * from "./table-data.js";
