import {
  abs,
  add,
  axisSize,
  constant,
  div,
  greater,
  literal,
  loop,
  matmul,
  mul,
  pad,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "../graph/index.js";
import { literalMatrix } from "./literal-matrix.js";

/** Each sweep roughly squares what is left off the diagonal; float64 needs 6 to 10. */
const sweeps = 12;

export interface PrincipalAxes {
  /** Orthonormal rows, `[n, n]`, in no order: axes·A·axesᵀ is diagonal. */
  readonly axes: Tensor;
  /** The variance along each, `[n]`. */
  readonly variances: Tensor;
}

/**
 * Eigenvectors and eigenvalues of a symmetric matrix A, `[n, n]`, inside the graph, by Jacobi's
 * rotations: each turn zeroes every second pair (1, 2), (3, 4), … at once, and then moves the
 * coordinates on as in a round-robin tournament, so that n − 1 turns meet every pair.
 *
 * @see Golub and Van Loan 2013, "Matrix Computations", section 8.5
 */
export function principalAxes(a: Tensor): PrincipalAxes {
  const n = axisSize(a, 0);
  const even = n + (n % 2);
  const identity = literalMatrix(even, (i, j) => i === j);
  const onward = literalMatrix(even, (to, from) => from === before(to, even));
  const { turned, axes } = loop(
    { turned: pad(pad(a, 0, 0, even - n), 1, 0, even - n), axes: identity },
    {
      next: ({ turned, axes }) => {
        const step = matmul(onward, rotation(turned), { transposeB: true });
        return {
          turned: matmul(matmul(step, turned), step, { transposeB: true }),
          axes: matmul(step, axes),
        };
      },
      goOn: () => constant(1),
      // Whole tournaments, after which all coordinates are back where they were.
      steps: sweeps * (even - 1),
    },
  );
  const diagonal = sum(mul(turned, identity), [1]);
  return {
    axes: slice(slice(axes, 0, 0, n), 1, 0, n),
    variances: reshape(slice(diagonal, 0, 0, n), [n]),
  };
}

/** R of the turn RᵀAR that zeroes A at (0, 1), (2, 3), …: [c s; −s c] for each pair. */
function rotation(a: Tensor): Tensor {
  const n = axisSize(a, 0);
  const of = (isOne: (i: number, j: number) => boolean): Tensor => literalMatrix(n, isOne);
  const pairs = reshape(
    sum(
      mul(
        a,
        of((i, j) => i === j),
      ),
      [1],
    ),
    [n / 2, 2],
  );
  const above = of((i, j) => i % 2 === 0 && j === i + 1);
  const beside = reshape(sum(mul(a, above), [1]), [n / 2, 2]);
  const twice = mul(slice(beside, 1, 0, 1), 2);
  const gap = sub(slice(pairs, 1, 1, 2), slice(pairs, 1, 0, 1));
  const sign = sub(1, mul(greater(0, gap), 2));
  // t of the smaller angle: t² + t·gap/A₀₁ − 1 = 0. Where both vanish nothing turns.
  const length = sqrt(add(square(gap), square(twice)));
  const t = div(mul(sign, twice), add(add(abs(gap), length), 1e-30));
  const cosine = div(1, sqrt(add(square(t), 1)));
  const both = (x: Tensor): Tensor => reshape(matmul(x, literal([1, 1], [1, 2])), [n, 1]);
  const skew = sub(
    above,
    of((i, j) => i % 2 === 1 && j === i - 1),
  );
  return add(
    mul(
      of((i, j) => i === j),
      both(cosine),
    ),
    mul(skew, both(mul(t, cosine))),
  );
}

/**
 * Where the coordinate at `place` came from, in a tournament whose pairs are (0, 1), (2, 3), …: the
 * first one stays, the others move in a circle, up the even places and down the odd ones.
 */
function before(place: number, n: number): number {
  const circle = [
    ...Array.from({ length: n / 2 - 1 }, (_, i) => 2 * i + 2),
    ...Array.from({ length: n / 2 }, (_, i) => n - 1 - 2 * i),
  ];
  const at = circle.indexOf(place);
  return at < 0 ? place : circle[(at + circle.length - 1) % circle.length]!;
}
