import type { Tensor } from "../graph/index.js";
import { isTrained, rootOf, scaledAs } from "./filters.js";
import { sizes } from "./sizes.js";
import type { LayoutLowerings } from "./lowering.js";
import { pixels } from "./pixels.js";
import type { GraphScope } from "./scope.js";
import { kronecker, toomCook, transposed, type Matrix } from "./toom-cook.js";

/** Pixels of a tile along each axis, taps of the filter. */
const [tile, taps] = [4, 3];
const points = tile + taps - 1;
const { A, G, D } = toomCook(tile, taps, [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2]);
const filterTransform = kronecker(G, G);

/** Below this many images it doesn't pay, unless a larger batch meets the same filter. */
const leastBatch = 8;
/** Products of matrices must outweigh the transforms of tiles: O·C / (O + C) at least. */
const leastChannels = 32;

/**
 * 3x3 convolutions of many channels by Winograd's minimal filtering, Lavin & Gray 2016,
 * https://arxiv.org/abs/1509.09308: tiles of 4x4 pixels with 36 products instead of 144.
 *
 * Tiles are transformed, V = K x Kᵀ; a product of matrices M = V Uᵀ for each of 6x6 points mixes
 * channels; tiles are put together, y = A M Aᵀ. Gradients are the adjoints of the three and share
 * dM = Aᵀ dy A: dx = Kᵀ (dM U) K and dU = dMᵀ V. Images have their pixels first, `[H, W, B, C]`, so
 * that transforms are products of matrices too.
 *
 * Only while training: the transforms round off more than direct sums do, which an inverse shows.
 */
export const winograd: Required<
  Pick<LayoutLowerings, "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad">
> = {
  conv2d: (node, scope, bias) => {
    const [x, w] = [node.inputs[0]!, node.inputs[1]!];
    if (!takes(scope, w)) return undefined;
    const filter = filterOf(scope, w, x);
    const products = multiply(scope, tilesOf(scope, x), filter, { transB: 1 });
    const plain = pixels.shaped(scope, transform(scope, products, "assembly", node), node);
    const biased = bias && scope.emit("Add", [plain, pixels.perChannel(scope, bias)]);
    return { layout: pixels, name: biased ?? plain };
  },

  conv2dInputGrad: (node, scope) => {
    const [g, w] = [node.inputs[0]!, node.inputs[1]!];
    if (!takes(scope, w)) return undefined;
    const filter = filterOf(scope, w, g);
    const products = multiply(scope, spreadOf(scope, g), filter, {});
    const dx = transform(scope, products, "adjoint of cut", node);
    return { layout: pixels, name: pixels.shaped(scope, dx, node) };
  },

  conv2dWeightGrad: (node, scope) => {
    const [x, g] = [node.inputs[0]!, node.inputs[1]!];
    const [out, channels, kernel] = sizes(node);
    if (kernel !== taps || x.shape[0]! < leastBatch || !isWide(out, channels)) return undefined;
    const perRow = multiply(scope, spreadOf(scope, g), tilesOf(scope, x), { transA: 1 });
    const dU = scope.emit("ReduceSum", [perRow, scope.ints([1])], { keepdims: 0 });
    const flatU = scope.reshape(dU, [points * points, out * channels]);
    const dw = scope.emit("Gemm", [flatU, constant(scope, "filters", () => filterTransform)], {
      transA: 1,
    });
    return { rows: scope.reshape(dw, node.shape) };
  },
};

function takes(scope: GraphScope, filter: Tensor): boolean {
  const [out, channels, kernel] = sizes(filter);
  return kernel === taps && isWide(out, channels) && isTrained(scope, filter, leastBatch);
}

function isWide(out: number, channels: number): boolean {
  return out * channels >= leastChannels * (out + channels);
}

const tilesAlong = (pixels: number): number => Math.ceil(pixels / tile);

/** `[points · tiles, pixels]`: the transformed windows of a line of pixels, zeros beyond its ends. */
function cut(pixels: number): Matrix {
  const tiles = tilesAlong(pixels);
  return D.flatMap((row) =>
    Array.from({ length: tiles }, (_, t) =>
      Array.from({ length: pixels }, (_, i) => row[i + 1 - t * tile] ?? 0),
    ),
  );
}

/** `[pixels, points · tiles]`: a line of pixels from the products of its tiles. */
function assembly(pixels: number): Matrix {
  const tiles = tilesAlong(pixels);
  return Array.from({ length: pixels }, (_, i) =>
    Array.from({ length: points * tiles }, (_, column) => {
      const [point, t] = [Math.floor(column / tiles), column % tiles];
      return A[i - t * tile]?.[point] ?? 0;
    }),
  );
}

/** What a transform does to a line of pixels, by name. */
const lineMaps = {
  cut,
  "adjoint of cut": (pixels: number) => transposed(cut(pixels)),
  assembly,
  "adjoint of assembly": (pixels: number) => transposed(assembly(pixels)),
} as const;

/** V of an image, `[6, tiles, 6, tiles · B, C]`. */
function tilesOf(scope: GraphScope, x: Tensor): string {
  return scope.reshape(transform(scope, pixels.of(scope, x), "cut", x), tileShape(x));
}

/** dM of a result's gradient, `[6, tiles, 6, tiles · B, O]`. */
function spreadOf(scope: GraphScope, g: Tensor): string {
  return scope.derived(g, "Winograd products", (s, t) =>
    s.reshape(transform(s, pixels.of(s, t), "adjoint of assembly", t), tileShape(t)),
  );
}

function tileShape(image: Tensor): number[] {
  const [batch, channels, height, width] = sizes(image);
  return [points, tilesAlong(height), points, tilesAlong(width) * batch, channels];
}

/**
 * U of a filter, `[6, 1, 6, O, C]`: four times as large as the filter, so that large batches rather
 * transform it again in the backward pass than keep it. Add it before the tiles: of two factors ONNX
 * Runtime computes the one that was added last first, and the other right before their product.
 */
function filterOf(scope: GraphScope, w: Tensor, images: Tensor): string {
  if (sizes(images)[0] >= leastBatch) return transformedFilter(scope, w);
  return scope.derived(w, "Winograd filter", transformedFilter);
}

function transformedFilter(scope: GraphScope, w: Tensor): string {
  const [out, channels] = sizes(w);
  const byTaps = scope.reshape(scope.nameOf(rootOf(w)), [out * channels, taps * taps]);
  const scaled = scaledAs(
    scope,
    w,
    constant(scope, "filters", () => filterTransform),
  );
  const filter = scope.emit("Gemm", [scaled, byTaps], { transB: 1 });
  return scope.reshape(filter, [points, 1, points, out, channels]);
}

/** The map of rows and of columns: of an image's pixels to points of tiles, or back. */
function transform(
  scope: GraphScope,
  x: string,
  map: keyof typeof lineMaps,
  image: Tensor,
): string {
  const [batch, channels, height, width] = sizes(image);
  const depth = batch * channels;
  const along = (pixels: number): string =>
    constant(scope, `${map} of ${pixels}`, () => lineMaps[map](pixels));
  const [rows, columns] = [height, width].map(tilesAlong).map((tiles) => points * tiles);
  const toPoints = map === "cut" || map === "adjoint of assembly";
  const [from, to, across] = toPoints ? [height, rows!, width] : [rows!, height, columns!];
  const lines = scope.reshape(x, [from, across * depth]);
  const down = scope.reshape(scope.emit("MatMul", [along(height), lines]), [to, across, depth]);
  return scope.emit("MatMul", [along(width), down]);
}

function multiply(
  scope: GraphScope,
  a: string,
  b: string,
  attributes: { readonly transA?: 1; readonly transB?: 1 },
): string {
  return scope.emit("FusedMatMul", [a, b], attributes, "com.microsoft");
}

/** A constant matrix, made once for each key. */
function constant(scope: GraphScope, key: string, make: () => Matrix): string {
  return scope.model.once(`Winograd ${key}`, () => {
    const values = make();
    return scope.floats(values.flat(), [values.length, values[0]!.length]);
  });
}
