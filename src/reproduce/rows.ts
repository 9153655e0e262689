import { toyNames } from "../data/index.js";

/** What a paper says of a row. */
export interface Published {
  /** Error in %, or bits/dim; null if the paper has none. */
  readonly value: number | null;
  readonly source: string;
  readonly settings?: PublishedSettings;
}

/** As far as the paper gives them. */
export interface PublishedSettings {
  readonly size?: string;
  readonly epochs?: string;
  readonly preprocessing?: string;
}

/** A system of a table, or a curve of a figure. */
export interface Row {
  /** By which rows are chosen. */
  readonly name: string;
  readonly label: string;
  readonly preset: string;
  /** Bound on the norm of each layer, in place of the preset's; null for none. */
  readonly c?: number | null;
  /** Trained only if it is named. */
  readonly isExtra?: boolean;
  readonly published?: Published;
}

const sources = {
  iResNet: "Behrmann et al. 2019, https://arxiv.org/abs/1811.00995",
  residualFlow: "Chen et al. 2019, https://arxiv.org/abs/1906.02735",
};

type TableData = "mnist" | "cifar-10" | "cifar-100";

const bounds = [0.9, 0.8, 0.7, 0.6, 0.5] as const;

/** Test errors in %: c = 0.9, 0.8, 0.7, 0.6, 0.5, then without a bound, then ResNet-164. */
const classificationErrors = {
  mnist: { bounded: [0.4, 0.42, 0.4, 0.42, 0.86], vanilla: 0.38, resnet: null },
  "cifar-10": { bounded: [6.78, 6.86, 6.93, 7.72, 8.71], vanilla: 6.69, resnet: 5.5 },
  "cifar-100": { bounded: [24.58, 24.99, 25.99, 27.3, 29.45], vanilla: 23.97, resnet: 24.3 },
} as const;

/** Classifiers whose inverse is iterated: without a bound, then from the loosest to the tightest. */
function invertibleRows(data: TableData): readonly Row[] {
  const { bounded, vanilla } = classificationErrors[data];
  const preset = `${data}-classifier`;
  const settings = {
    size: `${data === "mnist" ? "7-7-7" : "18-18-18"} blocks of widths 32-64-128`,
    epochs: "200",
    ...(data !== "mnist" && { preprocessing: "4 pixels of padding, random crops and flips" }),
  };
  const published = (value: number): Published => ({ value, source: sources.iResNet, settings });
  return [
    { name: "vanilla", label: "vanilla", preset, c: null, published: published(vanilla) },
    ...bounds.map((c, i) => ({
      name: `c-${c}`,
      label: `i-ResNet, c = ${c}`,
      preset,
      c,
      published: published(bounded[i]!),
    })),
  ];
}

function resnetRow(data: TableData): Row {
  return {
    name: "resnet",
    label: "ResNet-20",
    preset: `${data}-resnet`,
    published: {
      value: classificationErrors[data].resnet,
      source: sources.iResNet,
      settings: { size: "164 layers", epochs: "200" },
    },
  };
}

/** Rows by data set, the default first. */
export type Rows = Readonly<Record<string, readonly Row[]>>;

export const inversionRows: Rows = {
  mnist: invertibleRows("mnist"),
  "cifar-10": invertibleRows("cifar-10"),
  "cifar-100": invertibleRows("cifar-100"),
};

export const classificationRows: Rows = {
  mnist: [resnetRow("mnist"), ...invertibleRows("mnist")],
  "cifar-10": [resnetRow("cifar-10"), ...invertibleRows("cifar-10")],
  "cifar-100": [resnetRow("cifar-100"), ...invertibleRows("cifar-100")],
};

/** A density of images, with what the papers say of it on each set. */
interface ImageDensity {
  readonly name: string;
  readonly label: string;
  readonly source: string;
  readonly mnist?: PublishedDensity;
  readonly "cifar-10"?: PublishedDensity;
}

interface PublishedDensity extends PublishedSettings {
  readonly preset: string;
  /** Bits/dim. */
  readonly value: number;
}

const logit = "logit, alpha = 1e-6";

/** From the first of them to the last. */
const imageDensities: readonly ImageDensity[] = [
  {
    name: "nice",
    label: "NICE",
    source: sources.iResNet,
    mnist: {
      preset: "mnist-nice",
      value: 4.36,
      size: "4 couplings, each of 5 hidden layers of 1000 units",
      epochs: "1500",
    },
  },
  {
    name: "made",
    label: "MADE",
    source: sources.iResNet,
    mnist: {
      preset: "mnist-made",
      value: 2.04,
      size: "a hidden layer of 1024 units",
      preprocessing: logit,
    },
    "cifar-10": { preset: "cifar-10-made-paper", value: 5.67, preprocessing: "logit" },
  },
  {
    name: "maf",
    label: "MAF",
    source: sources.iResNet,
    mnist: {
      preset: "mnist-maf",
      value: 1.89,
      size: "5 or 10 MADEs, each of a hidden layer of 1024 units",
      preprocessing: logit,
    },
    "cifar-10": { preset: "cifar-10-maf-paper", value: 4.31, preprocessing: "logit" },
  },
  {
    name: "real-nvp",
    label: "Real NVP",
    source: sources.iResNet,
    mnist: { preset: "mnist-real-nvp", value: 1.06 },
    "cifar-10": { preset: "cifar-10-real-nvp-paper", value: 3.49 },
  },
  {
    name: "glow",
    label: "Glow",
    source: sources.iResNet,
    mnist: { preset: "mnist-glow", value: 1.05 },
    "cifar-10": { preset: "cifar-10-glow-paper", value: 3.35 },
  },
  {
    name: "ffjord",
    label: "FFJORD",
    source: sources.iResNet,
    mnist: { preset: "mnist-ffjord", value: 0.99 },
    "cifar-10": { preset: "cifar-10-ffjord-paper", value: 3.4 },
  },
  {
    name: "i-resnet",
    label: "i-ResNet",
    source: sources.iResNet,
    mnist: {
      preset: "mnist-density",
      value: 1.06,
      size: "16-16-16 blocks of width 512",
      epochs: "200",
      preprocessing: "padded to 32x32 and copied to 3 channels, x/256 - 1/2",
    },
    "cifar-10": {
      preset: "cifar-10-density",
      value: 3.45,
      size: "16-16-16 blocks of width 512",
      epochs: "200",
      preprocessing: "x/256 - 1/2",
    },
  },
  {
    name: "residual-flow",
    label: "Residual Flow",
    source: sources.residualFlow,
    mnist: { preset: "mnist-residual-flow", value: 0.97, preprocessing: "logit" },
    "cifar-10": { preset: "cifar-10-residual-flow-paper", value: 3.28, preprocessing: "logit" },
  },
];

function imageDensityRows(data: "mnist" | "cifar-10"): readonly Row[] {
  return imageDensities.flatMap(({ name, label, source, [data]: published }): Row[] => {
    if (!published) return [];
    const { preset, value, ...settings } = published;
    return [{ name, label, preset, published: { value, source, settings } }];
  });
}

export const densityRows: Rows = {
  mnist: imageDensityRows("mnist"),
  "cifar-10": imageDensityRows("cifar-10"),
};

/** The same flow in two dimensions under several bounds. */
export const estimatorRows: Rows = onEachToy(
  [0.9, 0.7, 0.5].map((c) => ({ name: `c-${c}`, label: `c = ${c}`, preset: "toy", c })),
);

/** Flows in two dimensions: those of the figure, and the other models. */
export const toyRows: Rows = onEachToy([
  {
    name: "i-resnet",
    label: "i-ResNet",
    preset: "toy",
    published: {
      value: null,
      source: sources.iResNet,
      settings: { size: "100 blocks of 2-64-64-64-2" },
    },
  },
  { name: "glow", label: "Glow", preset: "glow-toy" },
  { name: "ffjord", label: "FFJORD", preset: "ffjord-toy" },
  { name: "nice", label: "NICE", preset: "nice-toy", isExtra: true },
  { name: "made", label: "MADE", preset: "made-toy", isExtra: true },
  { name: "maf", label: "MAF", preset: "maf-toy", isExtra: true },
  { name: "real-nvp", label: "Real NVP", preset: "real-nvp-toy", isExtra: true },
  { name: "residual-flow", label: "Residual Flow", preset: "residual-flow-toy", isExtra: true },
]);

function onEachToy(rows: readonly Row[]): Rows {
  return Object.fromEntries(toyNames.map((name) => [name, rows]));
}
