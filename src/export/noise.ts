import { UsageError } from "../errors.js";
import type { BatchAxis, GraphScope } from "../onnx/index.js";
import { Random, type NoiseKind } from "../random.js";
import { sizeOf, type Shape } from "../tree.js";

/** An input of a file for all noise of a kind, `[batch, size]`. */
export interface NoiseInput {
  readonly name: string;
  readonly kind: NoiseKind;
  readonly size: number;
  /** The graph's noises that it holds, one after another, with the shape for each event. */
  readonly parts: readonly { readonly name: string; readonly event: Shape }[];
}

/** What is fed to an input of each kind; zeros are allowed, and give one result that repeats. */
export const noiseMeanings: Readonly<Record<NoiseKind, string>> = {
  normal: "standard normal; 0 for the mean",
  uniform: "uniform in [-1/2, 1/2); 0 for the middle",
  rademacher: "signs alone count: at random for a fresh probe; 0 for one and the same probe",
};

const names: Readonly<Record<NoiseKind, string>> = {
  normal: "noise",
  uniform: "noise",
  rademacher: "probe",
};

/**
 * The inputs that hold a graph's noises.
 * @throws {UsageError} if a noise isn't one of each event.
 */
export function noiseInputs(
  shapes: Readonly<Record<string, Shape>>,
  kinds: Readonly<Record<string, NoiseKind>>,
  batch: BatchAxis,
): NoiseInput[] {
  const inputs = new Map<NoiseKind, { name: string; event: Shape }[]>();
  for (const [name, kind] of Object.entries(kinds)) {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (!shape) continue;
    const [rows, ...event] = shape;
    if (rows !== batch.standIn) {
      throw new UsageError(
        `exportOnnx: expected noise for each row, got one of shape [${shape}] for all; such a model can't be exported`,
        { name },
      );
    }
    inputs.set(kind, [...(inputs.get(kind) ?? []), { name, event }]);
  }
  return Array.from(inputs, ([kind, parts]) => ({
    // A mixture's draws need both kinds.
    name: kind === "uniform" && inputs.has("normal") ? "choice" : names[kind],
    kind,
    size: parts.reduce((total, { event }) => total + sizeOf(event), 0),
    parts,
  }));
}

/** The signs of the probe that zeros stand for. */
export function usualProbe(size: number): Float32Array {
  return Random.fromSeed(0).split("usual probe").rademacher(size);
}

/** Adds what makes the graph's noises of an input, and gives their names. */
export function enterNoise(
  scope: GraphScope,
  { name, kind, size, parts }: NoiseInput,
): Record<string, string> {
  const all = drawn(scope, name, kind, size);
  let end = 0;
  return Object.fromEntries(
    parts.map((part) => {
      const start = end;
      end += sizeOf(part.event);
      const bounds = [[start], [end], [1]].map((n) => scope.ints(n));
      const own = parts.length === 1 ? all : scope.emit("Slice", [all, ...bounds]);
      const shape = scope.ints([-1, ...part.event]);
      return [part.name, scope.emit("Reshape", [own, shape])];
    }),
  );
}

function drawn(scope: GraphScope, name: string, kind: NoiseKind, size: number): string {
  switch (kind) {
    case "normal":
      return name;
    case "uniform":
      return scope.emit("Add", [name, scope.float(0.5)]);
    case "rademacher": {
      const signs = [...usualProbe(size)];
      const isNegative = scope.emit("Less", [name, scope.float(0)]);
      const flipped = signs.map((sign) => -sign);
      const [minus, plus] = [flipped, signs].map((values) => scope.floats(values, [1, size]));
      return scope.emit("Where", [isNegative, minus!, plus!]);
    }
  }
}
