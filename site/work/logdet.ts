import {
  compile,
  Context,
  convergeNorms,
  Flow,
  graph,
  ndarray,
  Random,
  truncationBias,
  vjp,
  type Compiled,
  type Density,
  type LogDetEstimator,
  type Store,
} from "iresnet";
import type { Vector } from "./anderson.js";
import type { Bench } from "./bench.js";
import { planeLogDet } from "./determinant.js";
import { once } from "./once.js";
import { certify } from "./plane-chain.js";
import { openShipped, type ShippedBound } from "./shipped.js";

export const mostTerms = 20;
export const mostProbes = 64;

/** What the series makes of ln|det J| at a point. */
export interface SeriesAtPoint {
  /** ln|det J_f(x)| from the determinants themselves, in nats. */
  readonly exact: number;
  /** Estimates in nats by each probe, one for 1, 2, … terms. */
  readonly estimates: readonly Float64Array[];
  /** Most that truncation can change of their mean, for 1, 2, … terms, by certified bounds; may be infinite. */
  readonly bias: readonly number[];
  /** The largest certified bound on Lip(g) of a block. */
  readonly lipschitz: number;
}

export interface LogDeterminant {
  at(bound: ShippedBound, x: Vector): Promise<SeriesAtPoint>;
}

interface Ready {
  readonly store: Store;
  readonly compiled: Compiled;
  readonly bias: readonly number[];
  readonly lipschitz: number;
}

export function open(bench: Bench): LogDeterminant {
  const all = new Map<ShippedBound, Promise<Ready>>();
  const prepare = async (bound: ShippedBound): Promise<Ready> => {
    const { model, arrays } = await openShipped(bench, `bound-${bound}`);
    const engine = await bench.engine();
    const store = await engine.createStore(arrays);
    await convergeNorms(engine, model, store);
    const lipschitz = Object.values(await certify(engine, model, store));
    const bias = Array.from({ length: mostTerms }, (_, i) =>
      lipschitz.reduce((sum, bound) => sum + truncationBias(2, bound, i + 1), 0),
    );
    const compiled = compile(engine, ({ x }) => traceSeries(model, x!));
    return { store, compiled, bias, lipschitz: Math.max(...lipschitz) };
  };
  return {
    at: async (bound, x) => {
      const ready = await once(all, bound, () => prepare(bound));
      const { store, compiled, bias, lipschitz } = ready;
      const rows = Array.from({ length: mostProbes }, () => [...x]).flat();
      const random = Random.fromSeed(0).split("probes");
      const results = await compiled.call({ x: ndarray(rows, [mostProbes, 2]) }, { store, random });
      const rest = results.logDet!.data[0]! - results.blocks!.data[0]!;
      const estimates = Array.from({ length: mostProbes }, (_, probe) => {
        let sum = rest;
        return Float64Array.from({ length: mostTerms }, (_, k) => {
          sum += results.terms!.data[probe * mostTerms + k]!;
          return sum;
        });
      });
      return { exact: results.logDet!.data[0]!, estimates, bias, lipschitz };
    },
  };
}

/**
 * ln|det J| of all, and of the blocks alone, `[B]`; and the terms (−1)ᵏ⁺¹ vᵀJᵏv/k of the blocks' series,
 * summed over the blocks, `[B, terms]`, each row by a probe v of its own.
 */
function traceSeries(model: Density, x: graph.Tensor) {
  const series: graph.Tensor[] = [];
  const exact: graph.Tensor[] = [];
  const estimator: LogDetEstimator = (g, at, gx, ctx) => {
    const v = ctx.noise("rademacher", at.shape);
    const terms: graph.Tensor[] = [];
    let vJk: graph.Tensor = v;
    for (let k = 1; k <= mostTerms; k++) {
      vJk = vjp(gx, at, vJk);
      const trace = graph.sumEvent(graph.mul(vJk, v));
      terms.push(graph.reshape(graph.mul(trace, (k % 2 === 1 ? 1 : -1) / k), [at.shape[0]!, 1]));
    }
    series.push(graph.concat(terms, 1));
    const own = planeLogDet(g, at, gx, ctx);
    exact.push(own);
    return own;
  };
  const ctx = new Context({ phase: "infer", logDet: estimator });
  const { logDet } = new Flow(model.density.base, model.bijection).score(x, ctx);
  const sum = (all: readonly graph.Tensor[]): graph.Tensor => all.reduce((a, b) => graph.add(a, b));
  return { outputs: { logDet, blocks: sum(exact), terms: sum(series) }, noise: ctx.noises };
}
