import { UsageError } from "../errors.js";
import { isShape } from "./arrays.js";
import { described } from "./described.js";

/** Whether a value has members of these names, by which its kind is told. */
const has =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "object" && value !== null && names.every((name) => name in value);

const isTensor = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "op" in value && "inputs" in value;

const isBijection = has("inShape", "outShape", "forward", "inverse");

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isSizes = (value: unknown): value is readonly number[] =>
  isShape(value) && value.every((size) => size > 0);

const isIterable = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);

/** What arguments are, beside arrays and options, and where one comes from. */
const kinds = {
  bytes: { is: (value: unknown): boolean => value instanceof Uint8Array, from: "a Uint8Array" },
  checkpoint: { is: has("format", "model", "arrays"), from: "what fit gives" },
  blocks: { is: has("blocks"), from: "createModel's model" },
  "export description": {
    is: has("to", "inputs", "outputs"),
    from: "exportOnnx's",
  },
  "data file": { is: has("name", "bytes"), from: "{ name, bytes }" },
  "data source": { is: has("name", "open"), from: "{ name, open }" },
  "data set": { is: has("name", "shape", "split", "warnings"), from: "arrayData's" },
  engine: { is: has("createStore", "load"), from: "await nodeEngine()" },
  function: { is: (value: unknown) => typeof value === "function", from: "(given) => ..." },
  list: {
    is: (value: unknown) =>
      Array.isArray(value) || (ArrayBuffer.isView(value) && has("length")(value)),
    from: "[1, 2]",
  },
  "outlier terms": {
    is: (value: unknown) => has("logProb", "distance")(value) || has("surprise", "distance")(value),
    from: "{ logProb, distance }, or an OutlierScore's scales",
  },
  model: { is: has("scope"), from: "createModel's" },
  "model maker": {
    is: (value: unknown) =>
      has("definition")(value) || (typeof value === "function" && "definition" in value),
    from: "defineModel's",
  },
  object: { is: has(), from: "one with the members of its type" },
  "output array": { is: has("name", "shape", "descr", "parts"), from: "outputArray's" },
  path: { is: (value: unknown) => typeof value === "string" && value !== "", from: '"runs/a"' },
  "picture file": { is: has("source", "file"), from: "{ source, file }" },
  chunks: { is: isIterable, from: "openPictureFolder's chunks()" },
  pictures: {
    is: has("files", "pixels", "shape", "problems"),
    from: "await readPictures(await openPictureFolder(folder))",
  },
  "picture scores": { is: has("files", "problems"), from: "scorePictures'" },
  "data description": { is: has("name", "shape"), from: "a checkpoint's data" },
  "picture reader": { is: has("shape", "count", "chunks"), from: "openPictures'" },
  piece: {
    is: (value: unknown) => typeof value === "string" || ArrayBuffer.isView(value),
    from: "text or bytes",
  },
  pieces: {
    is: (value: unknown) => typeof value === "string" || isIterable(value),
    from: "csvText's, or a list of texts and bytes",
  },
  preprocessing: { is: has("shape", "columns"), from: "a checkpoint's data.preprocessing" },
  random: { is: has("split", "permutation"), from: "Random.fromSeed(1)" },
  place: { is: has("folder", "listener"), from: "{ folder, listener }" },
  "prepared run": { is: has("config", "model", "data"), from: "prepareRun's" },
  "record of arrays": { is: has(), from: "a checkpoint's arrays" },
  reconstruction: { is: has("curve", "lipschitz"), from: "reconstruct's" },
  measurement: { is: has("reconstruction", "checks"), from: "reconstruct's" },
  "run configuration": { is: has("training", "model", "data"), from: "configure's" },
  runner: { is: has("model", "engine", "score"), from: "await openRunner(...)" },
  signal: { is: has("aborted"), from: "new AbortController().signal" },
  source: { is: has("name", "stream"), from: "bytesSource's, or await fileSource(path)" },
  split: { is: has("name", "count", "take"), from: 'await data.split("test")' },
  table: { is: has("name", "columns", "rows", "lines"), from: "await readTable(...)" },
  "table format": { is: has("name", "endings", "open"), from: "{ name, endings, begins, open }" },
  "table plan": { is: has("columns", "condition"), from: "a checkpoint's data.table" },
  "table predictions": {
    is: has("lines", "problems", "classes", "probabilities", "predicted"),
    from: "predictTable's",
  },
  "table scores": { is: has("lines", "logProb", "pValue", "problems"), from: "scoreTable's" },
  "table reader": { is: has("name", "chunks"), from: "await openTable(source)" },
  transport: { is: has("rank", "size", "sum"), from: "await openMpi()" },
  tensor: { is: isTensor, from: 'an operation\'s of "graph", or graph.input(name, shape)' },
  tensors: {
    is: (value: unknown) => Array.isArray(value) && value.every(isTensor),
    from: "a list of them",
  },
  base: { is: has("logProb", "sample"), from: "new StandardGaussian(features)" },
  bijection: { is: isBijection, from: "new ActNorm(scope, shape), or another one" },
  bijections: {
    is: (value: unknown) => Array.isArray(value) && value.every(isBijection),
    from: "a list of them",
  },
  branch: { is: has("apply", "norms"), from: "denseBranch's or convBranch's" },
  context: { is: has("phase", "noise"), from: "new Context({ phase })" },
  count: { is: isCount, from: "a whole number of at least 0" },
  dynamics: { is: has("velocity", "parameters"), from: "odeNet's" },
  "event shape": {
    is: (value: unknown) => isSizes(value) && value.length > 0,
    from: "that of one row, such as [3, 32, 32]",
  },
  mask: { is: has("kept", "place"), from: "halvesMask's or checkerboardMask's" },
  operator: { is: has("apply", "adjoint", "kind"), from: "a linear map and its adjoint" },
  scope: { is: has("parameter", "child"), from: "new Scope(), or a child of one" },
  size: {
    is: (value: unknown) => isCount(value) && value > 0,
    from: "a whole number of at least 1",
  },
  sizes: { is: isSizes, from: "a list of whole numbers of at least 1" },
  text: { is: (value: unknown) => typeof value === "string", from: '"blocks.0"' },
  number: { is: (value: unknown) => typeof value === "number", from: "0.5" },
  shape: { is: isShape, from: "a list of whole numbers, such as [3, 32, 32]" },
  axes: {
    is: (value: unknown) => Array.isArray(value) && value.every(Number.isSafeInteger),
    from: "a list of whole numbers, such as [1, 2]",
  },
  tables: { is: isIterable, from: "[table], or openTable's chunks()" },
} as const;

/** What an argument may be. */
export type Kind = keyof typeof kinds;

const plurals: readonly string[] = [
  "axes",
  "bijections",
  "bytes",
  "chunks",
  "pictures",
  "sizes",
  "tables",
  "tensors",
];

/**
 * The one check that an argument passes which something else of this package makes.
 *
 * @param where names the entry point in the message, such as `fit`
 * @throws {UsageError} naming what was expected, what came, and where to get it.
 */
export function expectKind(value: unknown, kind: Kind, where: string): void {
  const { is, from } = kinds[kind];
  if (is(value)) return;
  const article = /^[aeiou]/.test(kind) ? "an" : "a";
  const one = plurals.includes(kind) ? kind : `${article} ${kind}`;
  throw new UsageError(`${where}: expected ${one}, got ${described(value)}; pass ${from}`, {
    name: kind,
  });
}
