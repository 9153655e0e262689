import { expectKind } from "../border/kinds.js";
import { topologicalOrder, type Tensor, expectTensor } from "./tensor.js";

/**
 * The graph as text, one node a line, in order of computation:
 * `%3 [32, 10] = matmul(%1, head.weight) {"transposeB":true}`.
 */
export function print(outputs: Readonly<Record<string, Tensor>>): string {
  expectKind(outputs, "object", "print");
  for (const output of Object.values(outputs)) expectTensor(output, "print");
  const names = new Map<Tensor, string>();
  const lines: string[] = [];
  for (const node of topologicalOrder(Object.values(outputs))) {
    if (node.op === "input") names.set(node, node.attributes.name);
    else if (node.op === "constant" && node.shape.length === 0)
      names.set(node, String(node.attributes.value));
    else {
      const name = `%${names.size}`;
      names.set(node, name);
      const args = node.inputs.map((i) => names.get(i)).join(", ");
      lines.push(`${name} [${node.shape.join(", ")}] = ${node.op}(${args})${details(node)}`);
    }
  }
  for (const [name, node] of Object.entries(outputs)) lines.push(`${name} = ${names.get(node)}`);
  return lines.join("\n");
}

function details(node: Tensor): string {
  if (node.op === "fixedPoint" || node.op === "loop") {
    const { parameters, results } = node.attributes;
    const names = parameters.map((p) => (p.op === "input" ? p.attributes.name : ""));
    return ` {\n(${names.join(", ")}) =>\n${print(Object.fromEntries(results.entries()))}\n}`;
  }
  const text = JSON.stringify(node.attributes);
  return text === "{}" ? "" : ` ${text}`;
}
