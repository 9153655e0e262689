import { closable, type Closable } from "../closable.js";
import { cutAtMeans } from "../graph/index.js";
import type { Random } from "../random.js";
import { mapValues, type Arrays } from "../tree.js";
import { ByShapes, closeLoaded, drawNoises, loadGraph, quietly, type Trace } from "./compile.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import { allTensors, outputName, updateName } from "./program.js";
import { runStages } from "./stages.js";
import type { Transport } from "./transport.js";

/** One of those who share each batch. */
export interface Member {
  readonly engine: Engine;
  readonly transport: Transport;
}

/** A function of arrays that a team executes, each member on its part of the rows. */
export interface CompiledForTeam extends Closable {
  /**
   * Readies one run: `parts` are those of the members of this process, in their order. Noise of
   * rows is a part of what the whole batch would have drawn; a scalar is the same for all.
   */
  prepare(parts: readonly Arrays[], random: Random): TeamRun;
}

export interface TeamRun {
  /** Settles once the graphs are loaded. */
  readonly loaded: Promise<unknown>;
  /**
   * Runs once, with a store for each member of this process. What `feeds` has goes before what was
   * prepared.
   *
   * @returns what the graph gives to the first of them
   */
  run(stores: readonly Store[], feeds?: Arrays): Promise<Arrays>;
}

/**
 * Makes a traced function executable by a team, whose members meet at each `allMean`. `trace` is
 * called once for each set of shapes of a part; every process of a team must trace the same.
 */
export function compileTeam(members: readonly Member[], trace: Trace): CompiledForTeam {
  const { size } = members[0]!.transport;
  const programs = new ByShapes(trace, (graph) => {
    const stages = size === 1 ? [graph] : stagesOf(graph, size);
    return members.map((member) => quietly(loadStages(member, stages)));
  });
  return {
    prepare: (parts, random) => {
      const { loaded, noises } = programs.of(parts[0]!);
      const prepared = members.map(({ transport }, i) => ({
        session: loaded[i]!,
        feeds: { ...parts[i], ...drawNoises(noises, random, transport.rank) },
      }));
      return {
        loaded: Promise.all(loaded),
        run: async (stores, feeds = {}) => {
          const results = await Promise.all(
            prepared.map(async (member, i) =>
              (await member.session).run({ ...member.feeds, ...feeds }, stores[i]),
            ),
          );
          return results[0]!;
        },
      };
    },
    ...closable(async () => {
      for (const session of programs.takeAll().flat()) await closeLoaded(session);
    }),
  };
}

/** Stages as one session, which meets the others in the engine's worker if it can. */
async function loadStages(
  { engine, transport }: Member,
  stages: readonly Graph[],
): Promise<Session> {
  if (stages.length === 1) return loadGraph(engine, stages[0]!);
  if (engine.loadStages && transport.connect) {
    return engine.loadStages(stages, await transport.connect());
  }
  const sessions = await Promise.all(stages.map((stage) => loadGraph(engine, stage)));
  return {
    inputs: sessions.flatMap(({ inputs }) => inputs),
    run: (feeds, store) =>
      runStages(
        sessions.map((session) => (given) => session.run(given, store)),
        feeds,
        (data) => transport.sum(data),
      ),
    ...closable(async () => {
      for (const session of sessions) await session.close();
    }),
  };
}

/** The graphs of the stages. What one keeps for later ones is an update of the store. */
function stagesOf(graph: Graph, size: number): readonly Graph[] {
  const { before, last } = cutAtMeans(allTensors(graph), size);
  return [
    ...before.map(({ share, kept }) => ({
      outputs: { share },
      updates: kept,
      guard: [],
      trains: true,
    })),
    {
      outputs: mapValues(graph.outputs, (_, name) => last[outputName(name)]!),
      updates: mapValues(graph.updates, (_, name) => last[updateName(name)]!),
      guard: graph.guard,
      trains: true,
    },
  ];
}
