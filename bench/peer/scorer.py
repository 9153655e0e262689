"""Scores the same rows again for each line it reads, and answers with the seconds that took."""

import sys
import time

import numpy as np
import onnxruntime as ort

path, rows, columns, threads = sys.argv[1], *map(int, sys.argv[2:])
options = ort.SessionOptions()
options.intra_op_num_threads = threads
session = ort.InferenceSession(path, options)
x = np.fromfile(sys.stdin.buffer.readline().decode().strip(), np.float32).reshape(rows, columns)
print(ort.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    session.run(["log_prob"], {"x": x})
    print(time.perf_counter() - start, flush=True)
