import { decodeCheckpoint, iResNetDensity, openCheckpoint, type Density } from "iresnet";
import type { Bench } from "./bench.js";
import { heldOut, planeData, type PlaneSource } from "./plane-data.js";
import { PlaneView } from "./plane-view.js";
import type { Pictures } from "./picture.js";
import { Training, type TrainingUpdate } from "./training.js";

/** What the playground trains. */
export interface PlaygroundSettings {
  readonly source: PlaneSource;
  /** Points drawn by hand, x, y, x, y, …, if they are the source. */
  readonly drawn: Float32Array;
  readonly blocks: number;
  readonly width: number;
  readonly activation: string;
  readonly learningRate: number;
}

/** What is told of a run: how it goes, or why it ended. */
export type PlaygroundNews =
  | ({ readonly kind: "update" } & TrainingUpdate)
  | { readonly kind: "failed"; readonly reason: string };

export interface Playground {
  /** Starts the engine, so that it is there when it is needed. */
  warm(): Promise<void>;
  /** Points of a source, x, y, x, y, … */
  points(source: PlaneSource, drawn: Float32Array): Promise<Float32Array>;
  /** Pictures of a checkpoint, a file of the page, measured by points of a source. */
  show(path: string, source: PlaneSource): Promise<Pictures>;
  /** Takes a first step, or all of them, of a run from fresh numbers. */
  start(
    settings: PlaygroundSettings,
    isPlaying: boolean,
    told: (news: PlaygroundNews) => void,
  ): Promise<void>;
  play(): void;
  pause(): void;
  step(): void;
  /** Goes on from where the run is, with another rate. */
  setRate(learningRate: number): Promise<void>;
  /** Ends the run and forgets it. */
  reset(): Promise<void>;
}

interface Run {
  training: Training;
  isPlaying: boolean;
  /** Goes on from where the run was stopped, for so many steps. */
  goOn?: ((steps: number) => Training) | undefined;
  readonly view: PlaneView;
  readonly begin: (
    learningRate: number,
    steps: number,
    resume?: Awaited<Training["ended"]>,
  ) => Training;
}

/** Far more than anyone waits for. */
const steps = 1_000_000;

export function open(bench: Bench): Playground {
  let run: Run | undefined;
  let begun = 0;
  let rates = 0;
  const end = async (ending: Run | undefined): Promise<void> => {
    await ending?.training.stop().catch(() => undefined); // why it failed has been told
    await ending?.view.close();
  };
  const reset = async (): Promise<void> => {
    begun++;
    const ending = run;
    run = undefined;
    await end(ending);
  };
  const advance = (one: Run, steps: number): void => {
    if (one.goOn) {
      one.training = one.goOn(steps);
      one.goOn = undefined;
    } else if (steps === 1) one.training.step();
    else one.training.play();
  };
  return {
    warm: async () => {
      await bench.engine();
    },
    points: heldOut,
    show: async (path, source) => {
      const engine = await bench.engine();
      const opened = openCheckpoint(decodeCheckpoint(await bench.asset(path), path), path);
      const points = await heldOut(source, []);
      const view = await PlaneView.open(engine, opened.model as Density, opened.arrays, points);
      try {
        await view.settle();
        return { forward: await view.forward(), inverse: await view.inverse() };
      } finally {
        await view.close();
      }
    },
    start: async (settings, isPlaying, told) => {
      await reset();
      const mine = begun;
      const opened = await openRun(bench, settings, isPlaying, told);
      if (mine === begun) run = opened;
      else await end(opened);
    },
    play: () => {
      if (!run) return;
      run.isPlaying = true;
      advance(run, Infinity);
    },
    pause: () => {
      if (!run) return;
      run.isPlaying = false;
      run.training.pause();
    },
    step: () => {
      if (run) advance(run, 1);
    },
    setRate: async (learningRate) => {
      const changed = run;
      const mine = ++rates;
      if (!changed) return;
      const checkpoint = await changed.training.stop();
      if (run !== changed || mine !== rates) return;
      changed.goOn = (steps) => changed.begin(learningRate, steps, checkpoint);
      if (changed.isPlaying) advance(changed, Infinity);
    },
    reset,
  };
}

/** Begins a run; its model is traced while this waits for the engine. */
async function openRun(
  bench: Bench,
  settings: PlaygroundSettings,
  isPlaying: boolean,
  told: (news: PlaygroundNews) => void,
): Promise<Run> {
  const { source, drawn, blocks, width, activation } = settings;
  const engine = await bench.engine();
  const data = planeData(source, drawn);
  const widths = [width, width];
  const model = iResNetDensity({ shape: [2], blocks: [blocks], widths, activation, c: 0.97 });
  const view = await PlaneView.open(engine, model, {}, await heldOut(source, drawn));
  const begin: Run["begin"] = (learningRate, allowed, resume) => {
    const training = new Training(
      {
        engine,
        model,
        data,
        view,
        training: {
          steps,
          batchSize: 256,
          optimizer: { kind: "adam", beta2: 0.99 },
          schedule: { kind: "constant", learningRate },
          clip: 5,
          logDet: { kind: "exact" },
        },
        ...(resume && { resume }),
        told: (update) => {
          told({ kind: "update", ...update });
        },
      },
      allowed,
    );
    training.ended.catch((error: unknown) => {
      told({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
    });
    return training;
  };
  const training = begin(settings.learningRate, isPlaying ? Infinity : 1);
  return { training, isPlaying, view, begin };
}
