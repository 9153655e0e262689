import type { Lowerings } from "./lowering.js";

/** What WebGPU's shading language leaves open and our graphs rely on. */
export const webgpu: Pick<Lowerings, "log"> = {
  /**
   * NaN outside the domain, where a shader may give any number (some give log|x|, and a finite
   * number for NaN): a guard must see that a run has left it.
   */
  log: (_node, [x], scope) => {
    const isInside = scope.emit("Greater", [x!, scope.float(0)]);
    return scope.emit("Where", [isInside, scope.emit("Log", [x!]), scope.float(NaN)]);
  },
};
