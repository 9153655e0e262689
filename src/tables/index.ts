export * from "./recipe.js";
export * from "./score.js";
