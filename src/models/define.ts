import { expectKind } from "../border/kinds.js";
import type { z } from "zod";
import { UsageError } from "../errors.js";
import type { JsonValue } from "../json.js";
import { Scope } from "../nn/index.js";
import { sizeOf } from "../tree.js";
import { parseConfig } from "./config.js";
import type { Model, ModelFrame, ModelParts, PartName, Task } from "./model.js";
import { usualObjective } from "./objectives.js";

/** Where a model comes from, and how to make one from its configuration. */
export interface ModelDefinition {
  /** Kept in checkpoints, by which they find the definition again. */
  readonly kind: string;
  /** As papers write it. */
  readonly name: string;
  /** Year in which the paper was published. */
  readonly year: number;
  /** Authors, title and URL. */
  readonly paper: string;
  readonly task: Task;
  /** @throws {UsageError} if the configuration isn't one of this model. */
  create(config: JsonValue): Model;
}

/** A model as its author writes it. */
export interface ModelSpec<S extends z.ZodType<JsonValue>, P extends ModelParts> extends Omit<
  ModelDefinition,
  "create"
> {
  /** The schema of a configuration, with its defaults; strict objects refuse unknown fields. */
  readonly schema: S;
  /**
   * Declares the variables in `scope` and composes the parts.
   * @param config complete
   */
  build(config: z.output<S>, scope: Scope): P;
}

/** A model that has exactly the parts it was built of. */
export type BuiltModel<C extends JsonValue, P extends ModelParts> = P &
  ModelFrame<C, Extract<keyof P, PartName>>;

/** A function from a configuration to a model, with the definition to register. */
export interface ModelMaker<S extends z.ZodType<JsonValue>, P extends ModelParts> {
  (config: z.input<S>): BuiltModel<z.output<S>, P>;
  readonly definition: ModelDefinition;
}

/**
 * Makes a model of a specification: one file for each paper. {@link registerModel} lets checkpoints
 * of it open.
 *
 * @param spec.kind name in checkpoints, such as `real-nvp`
 * @param spec.schema zod schema of the configuration, which must be JSON
 * @param spec.build from the complete configuration, and a scope for variables, to the parts
 * @returns a function of the configuration. It throws `UsageError` if a field is unknown (naming the
 *   nearest one), missing or outside its range, and what `build` throws.
 */
export function defineModel<S extends z.ZodType<JsonValue>, P extends ModelParts>(
  spec: ModelSpec<S, P>,
): ModelMaker<S, P> {
  expectKind(spec, "object", "defineModel");
  const { kind, name, year, paper, task } = spec;
  const make = (options: unknown): BuiltModel<z.output<S>, P> => {
    const config = parseConfig(spec.schema, options, kind);
    const scope = new Scope();
    const parts = spec.build(config, scope);
    const { shape, condition = 0, pixels = false, blocks = [], classifier } = parts;
    expectTask(spec, parts);
    return {
      ...parts,
      kind,
      task,
      config,
      scope,
      condition,
      pixels,
      blocks,
      dimensions: sizeOf(shape),
      batch: {
        x: shape,
        ...(classifier && { y: [classifier.classes] }),
        ...(condition > 0 && { condition: [condition] }),
      },
      objective: parts.objective ?? usualObjective(kind, parts),
      has: (part: PartName) => parts[part] !== undefined,
    };
  };
  const maker = (config: z.input<S>): BuiltModel<z.output<S>, P> => make(config);
  return Object.assign(maker, { definition: { kind, name, year, paper, task, create: make } });
}

/** @throws {UsageError} if a model's parts aren't those of its task. */
function expectTask(
  { kind, task }: Pick<ModelDefinition, "kind" | "task">,
  { bijection, density, classifier }: ModelParts,
): void {
  const isDensity = density !== undefined && bijection !== undefined;
  const parts =
    isDensity && classifier
      ? "hybrid"
      : isDensity
        ? "density"
        : classifier && !density
          ? "classification"
          : undefined;
  if (parts === task) return;
  throw new UsageError(
    `${kind}: expected the parts of the task ${task}, got ${Object.entries({
      bijection,
      density,
      classifier,
    })
      .filter(([, part]) => part)
      .map(([name]) => name)
      .join(
        ", ",
      )}; a density needs a bijection and \`density\`, classification needs \`classifier\`, a hybrid all three`,
  );
}
