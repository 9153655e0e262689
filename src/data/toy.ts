import { expectKind } from "../border/kinds.js";
import { expectOneOf } from "../border/options.js";
import type { Random } from "../random.js";
import type { NDArray } from "../tree.js";

/**
 * n independent points of a 2-D density, `[n, 2]`, within about ±4 of the origin.
 *
 * Shapes, scales and noise are those of the toy sets of FFJORD and Residual Flows.
 *
 * @param name one of {@link toyNames}
 * @param n points, at least 1
 * @param random source of the draws
 * @throws {UsageError} if there is no such density; {@link toyNames} lists them.
 * @see Grathwohl et al. 2019, section 4.1, https://arxiv.org/abs/1810.01367
 */
export function sampleToy(name: string, n: number, random: Random): NDArray {
  expectKind(random, "random", "sampleToy");
  const known = expectToyName(name, "sampleToy");
  const uniform = (label: string) => random.split(label).uniform(n);
  const pick = uniform("pick");
  const u = uniform("u");
  const v = uniform("v");
  const w = uniform("w");
  const noise = random.split("noise").normal(2 * n);
  const data = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const draw = {
      pick: pick[i]!,
      u: u[i]!,
      v: v[i]!,
      w: w[i]!,
      e: noise[2 * i]!,
      f: noise[2 * i + 1]!,
    };
    data.set(toys[known](draw), 2 * i);
  }
  return { shape: [n, 2], data };
}

/** What one point is made from: uniforms of [0, 1) and normals. */
interface Draw {
  /** Uniform: chooses the component. */
  readonly pick: number;
  readonly u: number;
  readonly v: number;
  readonly w: number;
  /** Normal. */
  readonly e: number;
  readonly f: number;
}

const turn = 2 * Math.PI;

const toys = {
  /** Gaussians of deviation 0.35 on a circle of radius 2.8. */
  "8gaussians": ({ pick, e, f }: Draw) => {
    const angle = (turn * Math.floor(8 * pick)) / 8;
    return [
      (4 * Math.cos(angle) + 0.5 * e) / Math.SQRT2,
      (4 * Math.sin(angle) + 0.5 * f) / Math.SQRT2,
    ];
  },

  /** Two arms of one and a half turns. */
  "2spirals": ({ pick, u, v, w, e, f }: Draw) => {
    const t = 1.5 * turn * Math.sqrt(u);
    const arm = pick < 0.5 ? 1 : -1;
    return [
      (arm * (-t * Math.cos(t) + 0.5 * v)) / 3 + 0.1 * e,
      (arm * (t * Math.sin(t) + 0.5 * w)) / 3 + 0.1 * f,
    ];
  },

  /** The dark squares of a 4 x 4 board of side 8. */
  checkerboard: ({ pick, u, v }: Draw) => {
    const x = 4 * u - 2;
    const column = Math.floor(x) & 1;
    return [2 * x, 2 * (v + column - 2 * Math.floor(2 * pick))];
  },

  /** Radii 1.5 and 3. */
  circles: ({ pick, u, e, f }: Draw) => {
    const radius = pick < 0.5 ? 0.5 : 1;
    return [
      3 * (radius * Math.cos(turn * u) + 0.08 * e),
      3 * (radius * Math.sin(turn * u) + 0.08 * f),
    ];
  },

  /** Two half circles of radius 2, interleaved. */
  moons: ({ pick, u, e, f }: Draw) => {
    const x = Math.cos(Math.PI * u);
    const y = Math.sin(Math.PI * u);
    const [cx, cy] = pick < 0.5 ? [x, y] : [1 - x, 0.5 - y];
    return [2 * (cx + 0.1 * e) - 1, 2 * (cy + 0.1 * f) - 0.2];
  },

  /** Five bent blades. */
  pinwheel: ({ pick, e, f }: Draw) => {
    const radial = 1 + 0.3 * e;
    const tangential = 0.1 * f;
    const angle = (turn * Math.floor(5 * pick)) / 5 + 0.25 * Math.exp(radial);
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    return [2 * (radial * cos + tangential * sin), 2 * (tangential * cos - radial * sin)];
  },

  /** Radii 0.75, 1.5, 2.25 and 3. */
  rings: ({ pick, u, e, f }: Draw) => {
    const radius = 0.75 * (1 + Math.floor(4 * pick));
    return [radius * Math.cos(turn * u) + 0.08 * e, radius * Math.sin(turn * u) + 0.08 * f];
  },

  /** One arm of a turn and a half. */
  swissroll: ({ u, e, f }: Draw) => {
    const t = turn * (0.75 + 1.5 * u);
    return [(t * Math.cos(t) + e) / 5, (t * Math.sin(t) + f) / 5];
  },
} as const satisfies Record<string, (draw: Draw) => readonly [number, number]>;

export type ToyName = keyof typeof toys;

/** The names {@link sampleToy} knows. */
export const toyNames = Object.keys(toys) as readonly ToyName[];

/** @throws {UsageError} if there is no such density, with the nearest name. */
export function expectToyName(name: string, where: string): ToyName {
  return expectOneOf(name, toyNames, `${where}: name`);
}
