import type { PlaneSource } from "../work/plane-data.js";

/** Densities by name, and what they are called. */
export const sources: Readonly<Record<PlaneSource, string>> = {
  moons: "Two moons",
  "8gaussians": "Eight Gaussians",
  "2spirals": "Two spirals",
  checkerboard: "Checkerboard",
  circles: "Two circles",
  pinwheel: "Pinwheel",
  rings: "Four rings",
  swissroll: "Swiss roll",
  drawn: "Your own points",
};

export const widths = { "8": "8", "16": "16", "32": "32", "64": "64" };

/** Activations of the library that have slopes of at most 1. */
export const activations = {
  lipswish: "LipSwish",
  elu: "ELU",
  softplus: "Softplus",
  relu: "ReLU",
  maxmin: "MaxMin",
  clipswish: "CLipSwish",
  sine: "Sine",
};

export const rates = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05];

export interface Settings {
  readonly source: PlaneSource;
  /** x, y, x, y, … */
  readonly drawn: readonly number[];
  readonly blocks: number;
  readonly width: number;
  readonly activation: keyof typeof activations;
  readonly learningRate: number;
}

const has = <T extends object>(names: T, name: string | null): name is keyof T & string =>
  name !== null && Object.hasOwn(names, name);

/** Coordinates are kept as whole multiples of this. */
const unit = 20;
const mostDrawn = 400;

/** What an address says; what it doesn't say, or says wrongly, is as usual. */
export function settingsOf(hash: URLSearchParams): Settings {
  const [source, activation, width] = ["data", "activation", "width"].map((key) => hash.get(key));
  const blocks = Number(hash.get("blocks"));
  const rate = Number(hash.get("rate"));
  const numbers = (hash.get("points") ?? "").split(".").map((text) => Number(text || NaN) / unit);
  const drawn = numbers.filter((x) => Math.abs(x) <= 4).slice(0, 2 * mostDrawn);
  return {
    source: has(sources, source!) ? source : "moons",
    drawn: drawn.slice(0, drawn.length - (drawn.length % 2)),
    blocks: Number.isInteger(blocks) && blocks >= 1 && blocks <= 16 ? blocks : 8,
    width: has(widths, width!) ? Number(width) : 32,
    activation: has(activations, activation!) ? activation : "sine",
    learningRate: rates.includes(rate) ? rate : 0.01,
  };
}

export function hashOf(settings: Settings): Record<string, string> {
  const { source, drawn, blocks, width, activation, learningRate } = settings;
  return {
    data: source,
    blocks: String(blocks),
    width: String(width),
    activation,
    rate: String(learningRate),
    ...(source === "drawn" && { points: drawn.map((x) => Math.round(x * unit)).join(".") }),
  };
}
