import { IresnetError, UsageError } from "../src/errors.js";
import { benchExport } from "./export.js";
import { benchFalseAlarms } from "./false-alarms.js";
import { benchForward } from "./forward.js";
import { benchInput } from "./input.js";
import { benchInverse } from "./inverse.js";
import { benchMpi } from "./mpi.js";
import { benchProfile } from "./profile.js";
import { simulateScaling } from "./scaling.js";
import { benchScore } from "./score.js";
import { benchStartup } from "./startup.js";
import { benchStep } from "./step.js";
import { benchWorkers } from "./workers.js";

const usage = `Usage: npm run bench -- classifier|density [--batch 32] [--threads 2] [--rounds 5]
                            [--width N] [--twin neumann|series]
       npm run bench -- profile|startup [classifier|density] [the same]
       npm run bench -- input [--threads 2] [--rounds 5]
       npm run bench -- forward [--batch 32] [--threads 1] [--rounds 5]
       npm run bench -- inverse [--batch 64] [--threads 2] [--rounds 5]
       npm run bench -- export [--rows 1000] [--columns 10] [--threads 2] [--rounds 5]
       npm run bench -- score [--rows 50000] [--columns 20] [--rounds 3]
       npm run bench -- false-alarms [--seeds 20] [--rows 1600] [--fresh 2000]
       npm run bench -- workers [--batch 16] [--threads 2] [--rounds 5]
       npm run bench -- mpi [--model mnist-density|classifier|table] [--ranks 2] [--steps 40] [--rounds 3]
       npm run bench -- scaling [--step-ms 60] [--spread 5] [--parameters 100000] [--latency 20]
                            [--bandwidth 1000] [--steps 400]

classifier and density time our training step and, where python3 has torch, a PyTorch twin of the
same computation, in turn: medians in ms, and their ratio (below 1: ours is faster). --twin series lets
the density's twin differentiate through the series, as the original does; ours never does.
profile tells what a step spends its time on, and how much of it the machine needs at least.
startup times once what comes before the first step.
forward compares the classifier's forward pass with TensorFlow.js and jax-js on WebAssembly, which
compute on one thread in Node.
input times how much longer the steps of the MNIST presets take when each has a fresh batch.
inverse times the density's inverse to a certified 1e-5 in every block, and the twin's 100
iterations a block.
export tells how many rows of a table an exported scorer takes a second, in onnxruntime-node and, where
python3 has it, in Python's onnxruntime, and the runner that it came from.
score times the scoring of a CSV file, from file to file, beside Python's onnxruntime with the exported
scorer where python3 has it, and of one row in a running program, on one thread; under \`taskset -c 0\` on one core.
false-alarms fits tables by the default recipe and tells how often fresh normal rows are flagged, beside
what p-values promise.
workers times a step of the MNIST density preset on one core, on a session's threads, and on workers
of one thread each that share the batch.
mpi times a step on one rank of one core and on several, with the same batch for each rank, and says
their efficiency; it needs mpirun and as many cores.
scaling simulates steps on 1 to 256 ranks: milliseconds of a step on one, their spread in percent,
parameters, microseconds of latency and MB a second between ranks.

Each prints one JSON line; what is for people goes to stderr.`;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  export: benchExport,
  "false-alarms": benchFalseAlarms,
  forward: benchForward,
  input: benchInput,
  inverse: benchInverse,
  mpi: benchMpi,
  profile: benchProfile,
  scaling: simulateScaling,
  score: benchScore,
  startup: benchStartup,
  workers: benchWorkers,
};

async function main([command, ...rest]: readonly string[]): Promise<void> {
  if (command === undefined || command === "--help" || command === "-h") {
    process.stderr.write(`${usage}\n`);
    process.exitCode = command === undefined ? 2 : 0;
    return;
  }
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
  await (run ? run(rest) : benchStep([command, ...rest]));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof IresnetError ? (error instanceof UsageError ? 2 : 1) : 1;
});
