import type { Lowerings } from "./lowering.js";

/** Where WebGPU needs, or is safer with, other operators than the CPU. */
export const webgpu: Pick<Lowerings, "log" | "transpose"> = {
  /**
   * NaN outside the domain, where a shader may give any number (some give log|x|, and a finite
   * number for NaN): a guard must see that a run has left it.
   */
  log: (_node, [x], scope) => {
    const isInside = scope.emit("Greater", [x!, scope.float(0)]);
    return scope.emit("Where", [isInside, scope.emit("Log", [x!]), scope.float(NaN)]);
  },

  /** Whether SpaceToDepth and DepthToSpace run on the GPU isn't known of every runtime. */
  transpose: (node, [x], scope) => scope.transpose(x!, node.attributes.perm),
};
