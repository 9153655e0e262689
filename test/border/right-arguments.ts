import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import * as iresnet from "../../src/index.js";
import { describeData } from "../../src/data/index.js";
import * as iresnetNode from "../../src/node.js";

const { arrayData, bytesSource, maf, openModel, Random, tableData } = iresnet;
const { constant } = iresnet.graph;

/** Arguments that a function takes, in order; wrong ones take the place of each. */
export type Right = () => readonly unknown[] | Promise<readonly unknown[]>;

const random = Random.fromSeed(1);
const engine = referenceEngine();
const rows = 40;
const noise = random.normal(2 * rows);
const numbers = { shape: [rows, 2], data: noise };
const data = arrayData({ x: numbers });
const model = maf({ shape: [2], hidden: [4], layers: 1 });
const arrays = model.scope.initialArrays(random);
const runner = await openModel(model, arrays, { engine, data: describeData(data) });
const split = await data.split("validation");
const residual = iresnet.iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
const residualArrays = residual.scope.initialArrays(random);
const residualRunner = await openModel(residual, residualArrays, { engine });
const csv = (text: string) => bytesSource("a.csv", new TextEncoder().encode(text));
const text = ["a,b", ...Array.from({ length: rows }, (_, i) => `${noise[i]},${i % 3}`)].join("\n");
const table = await iresnet.readTable(await iresnet.openCsv(csv(text)));
const tables = tableData(table);
const plan = tables.table!;
const scale = { median: 0, tail: 1 };
const calibration = {
  surprise: scale,
  distance: scale,
  neighbours: [0, 0],
  scores: [-1, 0, 1],
  beyond: 0,
};
const tableModel = maf({ shape: tables.shape, hidden: [4], layers: 1 });
const tableRunner = await openModel(tableModel, tableModel.scope.initialArrays(random), {
  engine,
  data: { ...describeData(tables), calibration },
});
const checkpoint = {
  format: 1 as const,
  model: { kind: model.kind, config: model.config },
  arrays: { ...arrays },
};
export const folder = mkdtempSync(join(tmpdir(), "iresnet-arguments-"));

const inUse = async () => {
  const store = await engine.createStore(residualArrays);
  const weights = iresnet.compile(engine, () => ({ outputs: iresnet.weightsInUse(residual) }));
  return weights.call({}, { store });
};
const file = (bytes: number) => ({ name: "a file", bytes: new Uint8Array(bytes) });
const images = {
  shape: [1, 4, 4],
  classes: 2,
  channels: 2,
  blocks: [1],
  widths: [2],
  centre: { mean: 0, deviation: 1 },
};
const pictures = { name: "none", shape: [1, 1, 1], count: 0, classes: [], chunks: () => [] };
const pixels = {
  name: "squares",
  shape: [1, 8, 8],
  count: 40,
  classes: [],
  files: Array.from({ length: 40 }, (_, i) => `${i}.png`),
  problems: [],
  pixels: Uint8Array.from({ length: 40 * 64 }, (_, i) => (i * 37) % 256),
  to: { width: 8, height: 8, channels: 1, fit: "crop", background: 255 },
} as unknown as iresnet.Pictures;
const pixelData = iresnet.pictureData(pixels);
const pixelModel = iresnet.glow({ shape: [1, 8, 8], steps: [1], widths: [2], pixels: "centre" });
const pixelRunner = await openModel(pixelModel, pixelModel.scope.initialArrays(random), {
  engine,
  data: describeData(pixelData),
});
const tableFormat = {
  name: "a test's",
  endings: [".test"],
  begins: () => false,
  open: () => table,
};
const exported = () => iresnet.exportOnnx(runner, { to: "score" });
const { definition } = maf;
const spec = { ...definition, schema: z.object({}), build: () => ({ shape: [2] }) };
const training = {
  steps: 1,
  batchSize: 16,
  schedule: { kind: "constant", learningRate: 0.01, warmup: 0 },
} as const;
const optimizer = { kind: "a test's", schema: z.object({}), create: () => ({ slots: [] }) };
const npy = async (): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of iresnet.npyBytes(iresnet.outputArray("x", [1], Float64Array.of(1)))) {
    pieces.push(piece);
  }
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
};

const toy = iresnetNode.configure("toy", { steps: 1, threads: 1, workers: 1 });
const ignore = (): void => undefined;
const listener = { progress: ignore, note: ignore, warn: ignore, report: ignore };

/** Arguments that are right, by the name of the function or class. */
export const rightArguments: Readonly<Record<string, Right>> = {
  certifiedBounds: async () => [residual, await inUse()],
  certifiedNorm: () => [numbers, { kind: "matrix" }],
  inverseErrorBound: () => [{ lipschitz: 0.5, step: 0.1, rounding: 1e-7 }],
  weightsInUse: () => [residual],
  arrayData: () => [{ x: numbers }],
  augment: () => [
    iresnet.ndarray(new Float32Array(16), [1, 1, 4, 4]),
    { kind: "crop", pad: 1, flip: true },
    random,
  ],
  learnPreprocessing: () => [numbers, ["a", "b"]],
  logScale: () => [data.preprocessing],
  oneHot: () => [[0, 1], 2],
  parseCifar: () => [[file(3073)], { labelBytes: 1, classes: 10 }],
  parseIdx: () => [file(16), file(8), 10],
  prepare: () => [numbers, data.preprocessing],
  registerDataSource: () => [{ name: "one of a test", open: () => data }],
  restore: () => [numbers, data.preprocessing],
  sampleToy: () => ["moons", 3, random],
  toyData: () => ["moons"],
  openPictures: () => [
    "pictures",
    [{ source: csv("no picture"), file: "a.png" }],
    {},
    () => undefined,
  ],
  readPictures: () => [pictures],
  pictureData: () => [pixels],
  pictureOptions: () => [describeData(pixelData)],
  pictureSplit: () => [pixels, []],
  pictureRecipe: () => [pixelData],
  pictureScales: () => [[1, 8, 8]],
  pictureScoresAsTable: () => [{ files: [], problems: [] }],
  PictureCount: () => [],
  classCondition: () => [describeData(pixelData), 2],
  pngBits: () => [{ shape: [1, 1, 4, 4], data: new Uint8Array(16) }],
  complexityScore: () => [[-1], [1]],
  heldOutScores: async () => [pixelRunner, await pixelData.split("validation")],
  scorePictures: () => [pixelRunner, pixels],
  scorePictureChunks: () => [pixelRunner, [pixels]],
  fitPictures: () => [pixelData, { engine, steps: 1 }],
  blobSource: () => ["a", new Blob(["a"])],
  bytesSource: () => ["a", new Uint8Array(1)],
  openCsv: () => [csv(text)],
  openJson: () => [csv('[{"a":1}]')],
  openNpy: async () => [bytesSource("a.npy", await npy())],
  openNpz: () => [csv("no archive")],
  openParquet: () => [csv("no parquet")],
  openTable: () => [csv(text)],
  readNpy: async () => [bytesSource("a.npy", await npy())],
  readNpz: () => [csv("no archive")],
  registerTableFormat: () => [tableFormat],
  joinTables: () => [[table]],
  takeRows: () => [table, [0]],
  readTable: async () => [await iresnet.openCsv(csv(text))],
  csvText: () => [[table]],
  jsonText: () => [[table], "lines"],
  tableFile: () => ["rows.npy", [table], table.rows],
  npyBytes: () => [iresnet.outputArray("x", [1], Float64Array.of(1))],
  npzBytes: () => [[iresnet.outputArray("x", [1], Float64Array.of(1))]],
  outputArray: () => ["x", [1], Float64Array.of(1)],
  tableArrays: () => [table],
  decodeCheckpoint: () => [iresnet.encodeCheckpoint(checkpoint), "a file"],
  encodeCheckpoint: () => [checkpoint],
  inferenceArrays: () => [arrays],
  inferenceCheckpoint: () => [checkpoint],
  openCheckpoint: () => [checkpoint, "a file"],
  compile: () => [engine, () => ({ outputs: { y: constant(1) } })],
  bitsPerDim: () => [-1, 2],
  convergeNorms: async () => [engine, residual, await engine.createStore(residualArrays)],
  createModel: () => ["maf", { shape: [2], hidden: [4] }],
  defineModel: () => [{ ...spec, kind: "one of a test" }],
  lipschitzBounds: () => [residual, residualRunner.norms],
  plannedIterations: () => [0.5, 1e-6],
  registerModel: () => [maf],
  stepOf: () => [model],
  ...Object.fromEntries(
    Object.entries({
      ffjord: { widths: [4] },
      glow: { steps: [1], widths: [4] },
      iResNetDensity: { blocks: [1], widths: [4] },
      iResNetHybrid: { blocks: [1], widths: [4], classes: 2 },
      made: { hidden: [4] },
      maf: { hidden: [4] },
      nice: { hidden: [4] },
      realNvp: { couplings: [1], widths: [4] },
      residualFlow: { blocks: [1], widths: [4] },
    }).map(([name, config]): [string, Right] => [name, () => [{ shape: [2], ...config }]]),
  ),
  iResNetClassifier: () => [{ ...images, squeezeFirst: false }],
  resNet: () => [images],
  expectConverged: () => [[], "inverse"],
  openModel: () => [model, arrays, { engine }],
  openRunner: () => [checkpoint, { engine }],
  settledCheckpoint: () => [checkpoint, { engine }],
  auroc: () => [
    [1, 2],
    [false, true],
  ],
  comparisonRate: () => [{ curve: [], lipschitz: 0.5 }],
  Conformal: () => [[1, 2]],
  deviation: () => [[1, 2]],
  errorUnit: () => [runner],
  evaluate: () => [runner, split],
  expectReconstructed: () => [{ reconstruction: { maxError: 0, unit: "data units" }, checks: [] }],
  inversionCurve: () => [{ engine, model: residual, arrays: residualArrays }, split],
  Mahalanobis: () => [numbers],
  mean: () => [[1, 2]],
  measureDetection: () => [[1, 2], [0.5, 0.1], [false, true], [0.1]],
  measureEstimator: () => [residualRunner, split],
  measurePlane: () => [runner, numbers, random],
  neighbourDistances: () => [numbers, numbers],
  plainInverses: () => [
    { engine, model: residual, arrays: residualArrays },
    iresnet.ndarray(noise, [rows, 2]),
    [1],
  ],
  reconstruct: () => [runner, split],
  rocCurve: () => [
    [1, 2],
    [false, true],
  ],
  importPyTorch: () => [new Uint8Array(4), { from: "residual-flows" }],
  Random: () => [],
  checkExport: async () => {
    const { bytes, description } = await exported();
    const file = await iresnetNode.openOnnxFile(bytes);
    return [runner, description, (inputs: iresnet.FileArrays) => file.run(inputs)];
  },
  expectEqualResults: () => [[{ output: "z", rows: 1, difference: 0 }]],
  exportOnnx: () => [runner, { to: "score" }],
  openOnnxFile: async () => [(await exported()).bytes, { threads: 1 }],
  modelDefinitions: () => [],
  dataNames: () => [],
  cellsOf: () => [plan.columns],
  chooseNoise: () => [[{ noise: 0.1, logProb: 1 }]],
  decodeTable: () => [numbers, plan],
  encodeTable: () => [table, plan],
  evaluateTable: async () => [tableRunner, await iresnet.openCsv(csv(text))],
  fitTable: () => [tables, { engine, steps: 1, onWarning: () => undefined }],
  OutlierScore: () => [{ logProb: [1, 2], distance: [1, 2] }],
  ScoreCount: () => [[0.01]],
  scoresAsTable: async () => [await iresnet.scoreTable(tableRunner, table)],
  recordsTable: () => [[{ a: 1, b: 2 }], plan],
  scoreReader: async () => [tableRunner, await iresnet.openCsv(csv(text))],
  scoreRows: () => [tableRunner, iresnet.encodeTable(table, plan).x],
  tableCells: () => [table, plan],
  scoreTable: () => [tableRunner, table],
  scoreTables: () => [tableRunner, [table]],
  predictTable: () => [tableRunner, table],
  predictionsAsTable: () => [
    { lines: [1], problems: [], classes: ["a"], probabilities: [1], predicted: ["a"] },
  ],
  sampleTable: () => [tableRunner, 2, { random }],
  tableModelNames: () => [],
  tableData: () => [table],
  tableKinds: () => [plan],
  tableRecipe: () => [{ rows: 100, columns: 2 }],
  tableSummary: () => [tables],
  createOptimizer: () => [{ kind: "adam" }],
  findPreset: () => ["toy"],
  fit: () => [model, data, training, { engine, onWarning: () => undefined }],
  learningRate: () => [training.schedule, 0, 1],
  registerOptimizer: () => [optimizer],
  ndarray: () => [[1, 2], [2]],
  getData: () => ["mnist", folder],
  openData: () => ["moons"],
  openPictureFolder: () => [folder],
  fileSource: () => [join(folder, "missing")],
  writeFileInPieces: () => [join(folder, "pieces"), ["a"]],
  nodeEngine: () => [{ threads: 1 }],
  loadCheckpoint: () => [join(folder, "missing")],
  saveCheckpoint: () => [join(folder, "saved"), checkpoint],
  configure: () => ["toy", {}],
  importRun: () => [
    { file: join(folder, "missing"), out: join(folder, "imported"), from: "residual-flows" },
  ],
  openMpi: () => [],
  prepareRun: () => [toy],
  createRun: () => [join(folder, "run"), toy],
  openRun: () => [join(folder, "missing")],
  RunFolder: () => [folder],
  trainRun: async () => [
    await iresnetNode.prepareRun(toy),
    { folder: new iresnetNode.RunFolder(join(folder, "trained")), listener },
    { signal: AbortSignal.abort() },
  ],
};
