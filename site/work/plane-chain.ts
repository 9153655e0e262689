import {
  certifiedBounds,
  Chain,
  compile,
  Context,
  convergeNorms,
  graph,
  ndarray,
  ResidualBlock,
  weightsInUse,
  type Arrays,
  type Bijection,
  type Compiled,
  type Density,
  type Engine,
  type Store,
} from "iresnet";
import type { Vector } from "./anderson.js";

/** A part of a network of the plane: a residual block, or a map with an inverse in closed form. */
export interface PlanePart {
  /** Of a block: a certified bound on Lip(g). */
  readonly lipschitz?: number;
  /** Of a block g(x), of another part its inverse. */
  readonly apply: (point: Vector) => Promise<Vector>;
  /** Of a block: x = y − g(x) as the library solves it. */
  readonly solve?: (y: Vector) => Promise<Vector>;
}

const infer = (): Context => new Context({ phase: "infer" });
/** As near as float32 comes. */
const closest = { steps: 1000, tolerance: 1e-7 };

/** A network of the plane, part by part. */
export class PlaneChain {
  readonly parts: readonly PlanePart[];
  readonly #forward: Compiled;
  readonly #store: Store;

  private constructor(parts: readonly PlanePart[], forward: Compiled, store: Store) {
    this.parts = parts;
    this.#forward = forward;
    this.#store = store;
  }

  static async open(engine: Engine, model: Density, arrays: Arrays): Promise<PlaneChain> {
    const store = await engine.createStore(arrays);
    await convergeNorms(engine, model, store);
    const lipschitz = await certify(engine, model, store);
    const mapOf = (f: (x: graph.Tensor) => graph.Tensor): ((point: Vector) => Promise<Vector>) => {
      const compiled = compile(engine, ({ x }) => ({ outputs: { y: f(x!) } }));
      return async (point) =>
        vectorOf(await compiled.call({ x: ndarray([...point], [1, 2]) }, { store }));
    };
    const bijections = partsOf(model.bijection);
    const parts = bijections.map((part): PlanePart => {
      if (!(part instanceof ResidualBlock)) {
        return { apply: mapOf((y) => part.inverse(y, infer()).value) };
      }
      const g = (x: graph.Tensor): graph.Tensor => part.branch.apply(x, infer());
      return {
        lipschitz: lipschitz[part.path]!,
        apply: mapOf(g),
        solve: mapOf((y) => graph.fixedPoint(y, (x) => graph.sub(y, g(x)), closest).value),
      };
    });
    const forward = compile(engine, ({ x }) => {
      const outputs: Record<string, graph.Tensor> = {};
      bijections.reduce((value, part, i) => {
        const next = part.forward(value, infer()).value;
        outputs[`y${i}`] = next;
        return next;
      }, x!);
      return { outputs };
    });
    return new PlaneChain(parts, forward, store);
  }

  /** What each part makes of the one before it, of x at last z. */
  async forward(x: Vector): Promise<Vector[]> {
    const outputs = await this.#forward.call(
      { x: ndarray([...x], [1, 2]) },
      { store: this.#store },
    );
    return this.parts.map((_, i) => vectorOf({ y: outputs[`y${i}`]! }));
  }
}

/** Certified bounds on Lip(g) of the blocks, by path. */
export async function certify(
  engine: Engine,
  model: Density,
  store: Store,
): Promise<Readonly<Record<string, number>>> {
  const weights = compile(engine, () => ({ outputs: weightsInUse(model) }));
  try {
    return (await certifiedBounds(model, await weights.call({}, { store }))).lipschitz;
  } finally {
    await weights.close();
  }
}

function partsOf(bijection: Bijection): readonly Bijection[] {
  return bijection instanceof Chain ? bijection.parts.flatMap(partsOf) : [bijection];
}

function vectorOf({ y }: Arrays): Vector {
  return [y!.data[0]!, y!.data[1]!];
}
