import { Random } from "iresnet";

const count = 600;
const day = 86_400_000;

/**
 * Parts of a factory as CSV: the mass follows from the length and the machine. Row 100 is too heavy for its
 * length, row 300 comes from a machine as long as only the other makes them, row 500 has no length.
 */
export function exampleCsv(): string {
  const random = Random.fromSeed(7).split("parts");
  const [size, rest] = [random.split("size").normal(count), random.split("rest").normal(count)];
  const rows = Array.from(size, (z, row) => {
    const isNorth = row % 3 !== 0;
    const length = (isNorth ? 1200 : 1350) + 12 * z + (row === 300 ? -140 : 0);
    const mass = length * 0.0016 + 0.004 * rest[row]! + (row === 100 ? 0.09 : 0);
    const made = new Date(Date.UTC(2025, 0, 1) + (row % 200) * day).toISOString().slice(0, 10);
    const cell = row === 500 ? "" : length.toFixed(1);
    return [cell, mass.toFixed(4), isNorth ? "north" : "south", made].join();
  });
  return ["length,mass,machine,made", ...rows, ""].join("\n");
}
