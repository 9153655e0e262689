import type { NodeProto } from "./proto.js";

/** Without the operators whose results nothing wants: ONNX Runtime would compute them first. */
export function needed(nodes: readonly NodeProto[], outputs: readonly string[]): NodeProto[] {
  const wanted = new Set(outputs);
  const kept = [...nodes].reverse().filter((node) => {
    const isWanted = node.outputs.some((name) => wanted.has(name));
    if (isWanted) for (const name of inputsOf(node)) wanted.add(name);
    return isWanted;
  });
  return kept.reverse();
}

/** What the operator takes, and what those in its body do. */
export function inputsOf(node: NodeProto): string[] {
  const bodies = Object.values(node.attributes).flatMap((value) =>
    typeof value === "object" && "nodes" in value ? value.nodes : [],
  );
  return [...node.inputs, ...bodies.flatMap(inputsOf)];
}
