import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { describeData, type DataSet } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { evaluate, type Evaluation } from "../measure/index.js";
import { createModel } from "../models/index.js";
import { fit, type Progress } from "../train/index.js";
import type { Arrays } from "../tree.js";
import { pictureRecipe, type PictureRecipe, type PictureRecipeOptions } from "./recipe.js";
import { heldOutScores } from "./score-pictures.js";
import { Reloaded } from "../runner/reloaded.js";

export interface FitPicturesOptions extends PictureRecipeOptions {
  readonly engine: Engine;
  /** Decides all randomness; 0 unless given. */
  readonly seed?: number;
  /** Called after each step. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the work early: the best so far is kept. */
  readonly signal?: AbortSignal;
}

/** A model of pictures, and what held-out ones say of it. */
export interface PictureFit {
  /** Opens with `openRunner`; its `data` says how other pictures are read, and calibrates scores. */
  readonly checkpoint: Checkpoint;
  readonly recipe: PictureRecipe;
  /** On the held-out pictures, at most 1,000. */
  readonly evaluation: Evaluation;
  /** Step of the training that was best. */
  readonly step: number;
}

const known = ["engine", "model", "steps", "seed", "onProgress", "signal"];
/** Held-out pictures that a validation looks at, at most. */
const validated = 1000;

/**
 * Learns pictures by {@link pictureRecipe}, with nothing set by hand: the likelihood of held-out ones
 * ends the training, and what was best on them is kept. Held-out pictures then calibrate the scores
 * of a density.
 *
 * @param data from {@link pictureData}
 * @returns nothing if the signal ended it before the first validation.
 * @throws {UsageError} if an option is unknown, the sides of the images are odd, or the data have no
 * held-out rows.
 * @throws {DataError} if the data aren't images of pixels, or lack classes.
 * @throws {DivergenceError} if numbers become infinite.
 *
 * @example
 * const pictures = await readPictures(await openPictureFolder("pictures"));
 * const { checkpoint } = (await fitPictures(pictureData(pictures), { engine }))!;
 */
export async function fitPictures(
  data: DataSet,
  options: FitPicturesOptions,
): Promise<PictureFit | undefined> {
  expectKind(data, "data set", "fitPictures");
  expectOptions(options, known, "fitPictures");
  expectKind(options.engine, "engine", "fitPictures");
  const { engine, seed = 0, onProgress, signal, ...chosen } = options;
  const recipe = await pictureRecipe(data, chosen);
  const { kind, config } = recipe.model;
  const model = createModel(kind, config);
  const described = describeData(data);
  const runner = new Reloaded(model, { engine, data: described });
  const heldOut = await data.split("validation");
  const count = Math.min(validated, heldOut.count);
  const state: Partial<State> = {};
  try {
    await fit(
      model,
      data,
      { ...recipe.training, seed },
      {
        engine,
        ...recipe.stopping,
        ...(signal && { signal }),
        onProgress: (progress) => {
          state.step = progress.step;
          onProgress?.(progress);
        },
        validate: async (arrays) => {
          state.measured = await evaluate(await runner.with(arrays), heldOut, { count });
          return { loss: lossOf(state.measured) };
        },
        onBest: (arrays) => {
          state.best = { arrays, step: state.step!, evaluation: state.measured! };
          return Promise.resolve();
        },
      },
    );
    if (!state.best) return undefined;
    const { arrays, ...figures } = state.best;
    const scores = model.density && (await heldOutScores(await runner.with(arrays), heldOut));
    const pictures = described.pictures && scores && { ...described.pictures, heldOut: scores };
    return {
      checkpoint: {
        format: 1,
        model: { kind, config },
        data: { ...described, ...(pictures && { pictures }) },
        arrays,
      },
      recipe,
      ...figures,
    };
  } finally {
    await runner.close();
  }
}

/** What a training has come to. */
interface State {
  step: number;
  measured: Evaluation;
  best: Pick<PictureFit, "evaluation" | "step"> & { readonly arrays: Arrays };
}

/** What training minimises, on held-out pictures. */
function lossOf(evaluation: Evaluation): number {
  switch (evaluation.task) {
    case "density":
      return evaluation.value;
    case "classification":
      return evaluation.nll;
    case "hybrid":
      return evaluation.objective;
  }
}
