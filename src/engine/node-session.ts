/** How sessions of ONNX Runtime are set on the CPU. */
export const sessionOptions = (threads: number) =>
  ({
    enableMemPattern: false, // a planned block would come on top of what the first run allocated
    executionMode: "sequential",
    executionProviders: ["cpu"],
    graphOptimizationLevel: "basic",
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  }) as const;
