import { gradients } from "../autodiff/vjp.js";
import { compile, type Compiled, type Engine, type Store } from "../engine/index.js";
import {
  abs,
  addAll,
  constant,
  div,
  dot,
  input,
  minimum,
  mul,
  sqrt,
  sumAll,
  type Tensor,
} from "../graph/index.js";
import type { Model } from "../models/index.js";
import { Context } from "../nn/index.js";
import { scalarArray, type Arrays } from "../tree.js";
import { logDetEstimator, type TrainingConfig } from "./config.js";
import { average, createOptimizer } from "./optimizers.js";
import { emaName, parametersOf, slotName } from "./stored-arrays.js";

/** What is trained, how, and where. */
export interface Job {
  readonly engine: Engine;
  readonly model: Model;
  readonly config: TrainingConfig;
  /** Holds variables, optimizer slots and moving averages. */
  readonly store: Store;
}

const rateInput = "train.rate";
const stepInput = "train.step";

/** Arguments of {@link compileTrainStep}: a batch, the learning rate, and the step, 1 at first. */
export function stepArguments(batch: Arrays, rate: number, step: number): Arrays {
  return { ...batch, [rateInput]: scalarArray(rate), [stepInput]: scalarArray(step) };
}

/**
 * One step of training: loss, gradient, clipping, update, moving averages. Its outputs are
 * scalars: the objective's metrics, `loss` in nats, `gradNorm` = |∇loss|₂ before clipping, and
 * `parameters`, their sum. Unless the last three are finite, the store stays as it is.
 */
export function compileTrainStep({ engine, model, config }: Job): Compiled {
  const optimizer = createOptimizer(config.optimizer);
  const parameters = parametersOf(model);
  return compile(engine, ({ [rateInput]: rate, [stepInput]: step, ...batch }) => {
    const ctx = trainingContext(config);
    const { loss, metrics } = model.objective(batch, ctx);
    const raw = gradients(
      loss,
      parameters.map(({ tensor }) => tensor),
    );
    const squares = raw.map((g) => dot(g, g));
    const gradNorm = sqrt(addAll(squares, []));
    const scale = config.clip === null ? constant(1) : minimum(div(config.clip, gradNorm), 1);
    const updates: Record<string, Tensor> = { ...ctx.updates };
    const sums = parameters.map(({ name, tensor: p, decay }, i) => {
      const slot = (key: string): Tensor => input(slotName(key, name), p.shape);
      const kept = Object.fromEntries(optimizer.slots.map((key) => [key, slot(key)]));
      const at = { rate: rate!, step: step!, decay };
      const { value, slots } = optimizer.apply(p, mul(raw[i]!, scale), kept, at);
      updates[name] = value;
      for (const [key, next] of Object.entries(slots)) updates[slotName(key, name)] = next;
      if (config.ema !== null) {
        updates[emaName(name)] = average(input(emaName(name), p.shape), value, config.ema);
      }
      return sumAll(value);
    });
    return {
      outputs: { ...metrics, loss, gradNorm, parameters: addAll(sums, []) },
      updates,
      guard: ["loss", "gradNorm", "parameters"],
      noise: ctx.noises,
    };
  });
}

/** Sets what depends on data, such as ActNorm, from the batch it is run on. */
export function compileInitialisation({ engine, model, config }: Job): Compiled {
  return compile(engine, (batch) => {
    const ctx = trainingContext({ ...config, powerIterations: 0 }, "initialise");
    model.objective(batch, ctx);
    return { outputs: {}, updates: ctx.updates, noise: ctx.noises };
  });
}

/**
 * Where a step's numbers stop being finite: Σ|y| of each watched tensor y, in the order of the
 * forward pass, and then `loss`, for the same batch and noise as the step's.
 */
export function compileProbe({ engine, model, config }: Job): Compiled {
  return compile(engine, (batch) => {
    const ctx = trainingContext(config);
    const { loss } = model.objective(batch, ctx);
    const sums = Object.entries(ctx.watched).map(([name, y]) => [name, sumAll(abs(y))] as const);
    return { outputs: { ...Object.fromEntries(sums), loss }, noise: ctx.noises };
  });
}

function trainingContext(
  { powerIterations, logDet }: TrainingConfig,
  phase: "train" | "initialise" = "train",
): Context {
  return new Context({ phase, powerIterations, logDet: logDetEstimator(logDet) });
}
