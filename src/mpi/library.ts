import { IresnetError } from "../errors.js";

/** What is used of MPI, by one thread of a process. */
export interface MpiLibrary {
  readonly rank: number;
  readonly size: number;
  /** Name and version, such as `Open MPI v4.1.4`. */
  readonly name: string;
  /** The sum of all ranks' `data`, into `sum`; blocks until all are there. */
  allreduce(data: Float32Array, sum: Float32Array): void;
  /** Blocks until all ranks are there. */
  finalize(): void;
  /** Ends all ranks. */
  abort(code: number): void;
}

/** How a library says which communicator, type and operation: addresses in Open MPI, integers in MPICH. */
interface Handles {
  readonly type: "void *" | "int";
  readonly world: unknown;
  readonly float: unknown;
  readonly sum: unknown;
}

const openMpiFiles = ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib"];
const mpichFiles = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "libmpich.so"];

/** Calls of MPI from one thread, which is the one that opened it. */
const threadFunneled = 1;

/**
 * Opens the MPI library of the program that started this process, or else the first there is, and
 * joins the other ranks.
 *
 * @throws {IresnetError} if the package koffi or the library is missing, or it is another than the
 * launcher's.
 */
export async function openMpiLibrary(
  env: Readonly<Record<string, string | undefined>>,
): Promise<MpiLibrary> {
  const { default: koffi } = await import("koffi").catch((cause: unknown) => {
    throw new IresnetError(
      "mpi: expected the package koffi, which calls MPI, found none that works; install it with: npm install koffi",
      { cause },
    );
  });
  const isMpich = env.OMPI_COMM_WORLD_SIZE === undefined && env.PMI_SIZE !== undefined;
  const files = isMpich ? [...mpichFiles, ...openMpiFiles] : [...openMpiFiles, ...mpichFiles];
  const library = firstOf(files, (file) => koffi.load(file, { global: true }));
  if (!library) {
    throw new IresnetError(
      `mpi: expected Open MPI or MPICH, found none of ${files.join(", ")}; install one (on Debian and Ubuntu: apt-get install openmpi-bin), or put its folder into LD_LIBRARY_PATH`,
    );
  }
  const address = (name: string): unknown => library.symbol(name) as unknown;
  const handles: Handles = firstOf([undefined], () => ({
    type: "void *" as const,
    world: address("ompi_mpi_comm_world"),
    float: address("ompi_mpi_float"),
    sum: address("ompi_mpi_op_sum"),
  })) ?? { type: "int", world: 0x44000000, float: 0x4c00040a, sum: 0x58000003 };
  const { type, world, float, sum } = handles;
  const call = (prototype: string) => library.func(prototype) as (...args: unknown[]) => number;
  expectDone(
    "MPI_Init_thread",
    call("int MPI_Init_thread(void *, void *, int, _Out_ int *)")(null, null, threadFunneled, [0]),
  );
  const numberOf = (name: string): number => {
    const out = [0];
    expectDone(name, call(`int ${name}(${type}, _Out_ int *)`)(world, out));
    return out[0]!;
  };
  const [rank, size] = [numberOf("MPI_Comm_rank"), numberOf("MPI_Comm_size")];
  const text = Buffer.alloc(8192);
  call("int MPI_Get_library_version(_Out_ uint8_t *, _Out_ int *)")(text, [0]);
  const [name = ""] = text.toString("latin1").split(/[,\n\0]/);
  const started = Number(env.OMPI_COMM_WORLD_SIZE ?? env.PMI_SIZE ?? size);
  if (started !== size) {
    throw new IresnetError(
      `mpi: expected the library of the mpirun that started ${started} ranks, got ${name}, which knows of ${size}; put the launcher's own library first in LD_LIBRARY_PATH`,
    );
  }
  const reduce = call(`int MPI_Allreduce(void *, void *, int, ${type}, ${type}, ${type})`);
  const end = call("int MPI_Finalize()");
  const stop = call(`int MPI_Abort(${type}, int)`);
  return {
    rank,
    size,
    name,
    allreduce: (data, into) => {
      expectDone("MPI_Allreduce", reduce(data, into, data.length, float, sum, world));
    },
    finalize: () => {
      expectDone("MPI_Finalize", end());
    },
    abort: (code) => {
      stop(world, code);
    },
  };
}

/** What `open` gives for the first item for which it doesn't throw. */
function firstOf<I, T>(items: readonly I[], open: (item: I) => T): T | undefined {
  for (const item of items) {
    try {
      return open(item);
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}

function expectDone(name: string, code: number): void {
  if (code === 0) return;
  throw new IresnetError(
    `mpi: expected ${name} to succeed, got error code ${code}; see its message`,
  );
}
