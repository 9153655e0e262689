import { createProject, type Project } from "./project.js";
import { tryBundlers } from "./bundlers.js";
import { tryHomes } from "./homes.js";
import { tryRuntimes } from "./runtimes.js";
import { tryTypes, type Trial } from "./types.js";

const matrices: Readonly<Record<string, (project: Project) => Promise<Trial[]>>> = {
  types: tryTypes,
  bundlers: tryBundlers,
  runtimes: tryRuntimes,
  homes: tryHomes,
};

/** The trials as a table of Markdown. */
function tableOf(trials: readonly Trial[]): string {
  const columns = [...new Set(trials.map(({ column }) => column))];
  const rows = [...new Set(trials.map(({ row }) => row))];
  const cell = (row: string, column: string): string => {
    const trial = trials.find((one) => one.row === row && one.column === column);
    return trial === undefined ? "" : trial.isGood ? "yes" : "no";
  };
  return [
    ["", ...columns],
    ["", ...columns].map(() => "---"),
    ...rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const [name = ""] = process.argv.slice(2);
const matrix = matrices[name];
if (!matrix) {
  process.stderr.write(`usage: npm run platforms -- ${Object.keys(matrices).join("|")}\n`);
  process.exitCode = 2;
} else {
  const project = await createProject();
  try {
    const trials = await matrix(project);
    process.stdout.write(`${tableOf(trials)}\n`);
    for (const { row, column, output } of trials.filter(({ isGood }) => !isGood)) {
      process.stderr.write(`\n${row}, ${column}:\n${output.slice(0, 2000)}\n`);
      process.exitCode = 1;
    }
  } finally {
    await project.remove();
  }
}
