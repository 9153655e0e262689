// Not here: files.ts and download.ts, which need Node.
export * from "./augment.js";
export * from "./batch-order.js";
export * from "./cifar.js";
export type { Examples } from "./flip.js";
export * from "./idx.js";
export * from "./image-set-name.js";
export * from "./images.js";
export * from "./toy.js";
