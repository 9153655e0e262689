// Not here: files.ts and download.ts, which need Node.
export * from "./array-data.js";
export * from "./array-split.js";
export * from "./augment.js";
export * from "./batch-order.js";
export * from "./cifar.js";
export * from "./data-file.js";
export * from "./data-set.js";
export * from "./description.js";
export type { Examples } from "./flip.js";
export * from "./idx.js";
export * from "./image-set-name.js";
export * from "./labels.js";
export * from "./learn.js";
export * from "./preprocessing.js";
export * from "./registry.js";
export * from "./table-plan.js";
export { toyData } from "./toy-data.js";
export * from "./toy.js";
