export * from "./class-condition.js";
export * from "./fit-pictures.js";
export * from "./picture-data.js";
export * from "./recipe.js";
export * from "./score-pictures.js";
export * from "./score-count.js";
export * from "./scores-table.js";
