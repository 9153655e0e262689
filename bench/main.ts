import { IresnetError } from "../src/errors.js";
import { benchProfile } from "./profile.js";
import { benchStep } from "./step.js";

const usage = `Usage: npm run bench -- classifier|density [--batch 32] [--threads 2] [--rounds 5]
                            [--width N] [--gradient neumann|series]
       npm run bench -- profile classifier|density [the same]

classifier and density time our training step and, where python3 has torch, a PyTorch twin of the
same computation, in turn: medians in ms, and their ratio (below 1: ours is faster).
profile tells what a step spends its time on, and how much of it the machine needs at least.

Each prints one JSON line; what is for people goes to stderr.`;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  profile: benchProfile,
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
  process.exitCode = error instanceof IresnetError ? error.exitCode : 1;
});
