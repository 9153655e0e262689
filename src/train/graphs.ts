import { gradients } from "../autodiff/vjp.js";
import { compile, type Compiled, type Engine, type Member, type Traced } from "../engine/index.js";
import {
  abs,
  addAll,
  allMean,
  constant,
  div,
  dot,
  input,
  minimum,
  mul,
  sqrt,
  sumAll,
  topologicalOrder,
  type Tensor,
} from "../graph/index.js";
import { substitute } from "../graph/substitute.js";
import { stepOf, type Model } from "../models/index.js";
import { Context, type ContextOptions } from "../nn/index.js";
import type { NoiseKind } from "../random.js";
import { mapValues, type NDArray } from "../tree.js";
import { logDetEstimator, type TrainingConfig } from "./config.js";
import { stateName, type Layout } from "./layout.js";
import { average } from "./optimizers.js";
import { emaName, slotName } from "../checkpoint/stored-arrays.js";

/** What is trained, how, and where. */
export interface Job {
  /** Runs what isn't a step. */
  readonly engine: Engine;
  /** Take the steps: an equal part of the batch each. Those of other processes aren't among them. */
  readonly members: readonly Member[];
  readonly model: Model;
  readonly config: TrainingConfig;
  /** Widths of whole-number columns, see `stepOf`; absent where all numbers are real. */
  readonly steps?: NDArray | undefined;
}

/** What is trained, how, and how its arrays lie in the store. */
export interface Task extends Pick<Job, "model" | "config" | "steps"> {
  readonly layout: Layout;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** What the batch of a step gives. */
interface Gradient {
  /** Means over examples: `loss` in nats, the objective's metrics, and the gradient of each group. */
  readonly means: Tensors;
  /** New untrained variables, packed; absent where a model has none. */
  readonly state?: Tensor;
  readonly noise: Readonly<Record<string, NoiseKind>>;
}

const gradientPrefix = "gradient.";

/**
 * Traces a step. Its outputs are scalars: the objective's metrics, `loss`, `gradNorm` = |∇loss|₂
 * before clipping, `parameters`, their sum, and `stop`, the mean of that input over the team. Unless
 * the three are finite, the store stays as it is.
 */
export function traceStep(
  task: Task,
  { rate, step, stop, batch }: StepInputs & { readonly batch: Tensors },
): Traced {
  const { means, state, noise } = traceGradient(task, batch);
  const all = mapValues({ ...means, stop }, allMean);
  return { ...traceUpdate(task, { means: all, ...(state && { state }), rate, step }), noise };
}

/** What a step needs beside its batch and the store: scalars. */
interface StepInputs {
  /** The learning rate. */
  readonly rate: Tensor;
  /** 1 at first. */
  readonly step: Tensor;
  /** Above 0 where a member asks for an end. */
  readonly stop: Tensor;
}

/** Traces the objective and its gradient at the stored variables. */
function traceGradient(task: Task, batch: Tensors): Gradient {
  const { model, layout } = task;
  const ctx = trainingContext(task, batch);
  const { loss, metrics } = model.objective(batch, ctx);
  const variables = Object.fromEntries(model.scope.variables.map((v) => [v.name, v.tensor]));
  const parameters = layout.groups.flatMap(({ packing }) => packing.names);
  const slopes = gradients(
    loss,
    parameters.map((name) => variables[name]!),
  );
  const slopeOf = Object.fromEntries(parameters.map((name, i) => [name, slopes[i]!]));
  const traced: Tensors = {
    ...metrics,
    loss,
    ...Object.fromEntries(
      layout.groups.map(({ name, packing }) => [
        gradientPrefix + name,
        packing.packTensors((parameter) => slopeOf[parameter]!),
      ]),
    ),
    ...(layout.state.size > 0 && {
      [stateName]: layout.state.packTensors((name) => ctx.updates[name] ?? variables[name]!),
    }),
  };
  const { [stateName]: state, ...means } = substitute(traced, layout.variables());
  return { means, ...(state && { state }), noise: ctx.noises };
}

/** Names of the variables that a step sets from its batch: the statistics of batch normalisation. */
export function statisticsOf(task: Pick<Job, "model" | "config" | "steps">): string[] {
  const { model } = task;
  const batch = Object.fromEntries(
    Object.entries(model.batch).map(([name, event]) => [name, input(name, [2, ...event])]),
  );
  const ctx = trainingContext(task, batch);
  model.objective(batch, ctx);
  const given = [...Object.keys(batch), ...Object.keys(ctx.noises)];
  return Object.entries(ctx.updates)
    .filter(([, value]) =>
      topologicalOrder([value]).some(
        (node) => node.op === "input" && given.includes(node.attributes.name),
      ),
    )
    .map(([name]) => name);
}

/** Traces clipping, the optimizer, and moving averages. */
function traceUpdate(
  { config, layout }: Task,
  inputs: Pick<Gradient, "means" | "state"> & Omit<StepInputs, "stop">,
): Traced {
  const { means, state, rate, step } = inputs;
  const gradientOf = (group: string): Tensor => means[gradientPrefix + group]!;
  const squares = layout.groups.map(({ name }) => dot(gradientOf(name), gradientOf(name)));
  const gradNorm = sqrt(addAll(squares, []));
  const scale = config.clip === null ? constant(1) : minimum(div(config.clip, gradNorm), 1);
  const updates: Record<string, Tensor> = { ...(state && { [stateName]: state }) };
  const sums = layout.groups.map(({ name, decay, optimizer, packing }) => {
    const stored = (key: string): Tensor => input(key, [packing.size]);
    const kept = Object.fromEntries(
      optimizer.slots.map((slot) => [slot, stored(slotName(slot, name))]),
    );
    const gradient = mul(gradientOf(name), scale);
    const at = { rate, step, decay, packing };
    const { value, slots } = optimizer.apply(stored(name), gradient, kept, at);
    updates[name] = value;
    for (const [slot, next] of Object.entries(slots)) updates[slotName(slot, name)] = next;
    if (config.ema !== null) {
      updates[emaName(name)] = average(stored(emaName(name)), value, config.ema);
    }
    return sumAll(value);
  });
  const scalars = Object.entries(means).filter(([name]) => !name.startsWith(gradientPrefix));
  return {
    outputs: { ...Object.fromEntries(scalars), gradNorm, parameters: addAll(sums, []) },
    updates,
    guard: ["loss", "gradNorm", "parameters"],
  };
}

/** Sets what depends on data, such as ActNorm, from the batch it is run on. */
export function compileInitialisation({ engine, ...job }: Job): Compiled {
  return compile(engine, (batch) => {
    const ctx = trainingContext(job, batch, { phase: "initialise", powerIterations: 0 });
    job.model.objective(batch, ctx);
    return { outputs: {}, updates: ctx.updates, noise: ctx.noises };
  });
}

/** The statistics of a batch by the names of the running ones, for the weights as they are. */
export function compileStatistics({ engine, ...job }: Job, names: readonly string[]): Compiled {
  return compile(engine, (batch) => {
    const ctx = trainingContext(job, batch, { phase: "settle", powerIterations: 0 });
    job.model.objective(batch, ctx);
    return {
      outputs: Object.fromEntries(names.map((name) => [name, ctx.updates[name]!])),
      noise: ctx.noises,
    };
  });
}

/**
 * Where a step's numbers stop being finite: Σ|y| of each watched tensor y, in the order of the
 * forward pass, and then `loss`, for the same batch and noise as the step's.
 */
export function compileProbe({ engine, ...job }: Job): Compiled {
  return compile(engine, (batch) => {
    const ctx = trainingContext(job, batch);
    const { loss } = job.model.objective(batch, ctx);
    const sums = Object.entries(ctx.watched).map(([name, y]) => [name, sumAll(abs(y))] as const);
    return { outputs: { ...Object.fromEntries(sums), loss }, noise: ctx.noises };
  });
}

function trainingContext(
  { model, config, steps }: Pick<Job, "model" | "config" | "steps">,
  batch: Tensors,
  options: Partial<Pick<ContextOptions, "phase" | "powerIterations">> = {},
): Context {
  return new Context({
    phase: "train",
    powerIterations: config.powerIterations,
    logDet: logDetEstimator(config.logDet),
    labelSmoothing: config.labelSmoothing,
    step: batch.step ?? stepOf(model, steps),
    ...options,
  });
}
