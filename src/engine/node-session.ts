/** How sessions of ONNX Runtime are set on the CPU. */
export const sessionOptions = (threads: number) =>
  ({
    enableMemPattern: false, // a planned block would come on top of what the first run allocated
    executionMode: "sequential",
    executionProviders: ["cpu"],
    graphOptimizationLevel: "disabled", // it would keep for the backward pass what is computed again
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  }) as const;
