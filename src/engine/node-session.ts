/** How sessions of ONNX Runtime are set on the CPU. */
export const sessionOptions = (threads: number) =>
  ({
    executionMode: "sequential",
    executionProviders: ["cpu"],
    graphOptimizationLevel: "basic",
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  }) as const;
