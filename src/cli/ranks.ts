import { availableParallelism, cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { closable } from "../closable.js";
import { DivergenceError } from "../errors.js";
import { openMpi, type Mpi } from "../mpi/mpi.js";
import type { Terminal } from "./terminal.js";

/** Milliseconds in which rank 0 may say what all ranks fail of, before another does. */
const patience = 2000;

/**
 * Does something as one rank of the MPI job that started this process. Rank 0 alone prints. An error
 * of one rank ends all, unless it has left them, which `body` may do by closing its `mpi`: it is
 * printed once, by rank 0 if that has it too.
 */
export async function asRank(
  terminal: Terminal,
  body: (mpi: Mpi, terminal: Terminal) => Promise<void>,
): Promise<void> {
  const joined = await openMpi();
  let hasLeft: boolean | undefined;
  const leaving = closable(async () => {
    await joined.close();
    hasLeft = true;
  });
  const mpi: Mpi = { ...joined, ...leaving };
  const { rank, size, name } = mpi;
  const shown = rank === 0 ? terminal : terminal.quiet();
  const teller = rank > 0 ? terminal.named(`rank ${rank}`) : terminal;
  shown.note(
    size > 1
      ? `${size} ranks, ${name}`
      : `1 rank, ${name}; start more with: mpirun -np N npx iresnet ...`,
  );
  try {
    await body(mpi, shown);
    await mpi.close();
  } catch (error) {
    // All ranks know the loss, and rank 0 has yet to save.
    if (error instanceof DivergenceError) {
      await mpi.close();
      process.exitCode = shown.fail(error);
      return;
    }
    if (hasLeft) {
      process.exitCode = teller.fail(error);
      return;
    }
    if (rank > 0) await sleep(patience);
    teller.fail(error);
    await mpi.abort();
  }
}

/**
 * Threads for each rank: an equal part of the machine's, as far as mpirun bound it to so many. Ranks
 * that are bound to one socket share it.
 * @param env tells how many ranks are on this machine
 * @param available threads that this rank may run on
 * @param all threads of the machine
 */
export function threadsPerRank(
  env: Readonly<Record<string, string | undefined>>,
  available = availableParallelism(),
  all = cpus().length,
): number {
  const ranks = Number(env.OMPI_COMM_WORLD_LOCAL_SIZE ?? env.MPI_LOCALNRANKS ?? 1);
  return Math.max(1, Math.min(available, Math.floor(all / ranks)));
}
