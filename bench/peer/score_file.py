"""Scores a CSV file of numbers by an exported scorer, from file to file, and prints the seconds that took."""

import sys
import time

import numpy as np
import onnxruntime as ort

model, file, out, threads = *sys.argv[1:4], int(sys.argv[4])
options = ort.SessionOptions()
options.intra_op_num_threads = threads
session = ort.InferenceSession(model, options)
inputs = {entry.name: entry.shape for entry in session.get_inputs()}
names = ["log_prob", "score", "p_value"]


def score(x):
    feeds = {"x": x}
    if "noise" in inputs:
        feeds["noise"] = np.zeros((len(x), inputs["noise"][1]), np.float32)
    return np.column_stack(session.run(names, feeds))


score(np.loadtxt(file, delimiter=",", skiprows=1, max_rows=1000))
start = time.perf_counter()
x = np.loadtxt(file, delimiter=",", skiprows=1)
parts = [score(x[at : at + 1000]) for at in range(0, len(x), 1000)]
np.savetxt(out, np.concatenate(parts), delimiter=",", header=",".join(names), comments="")
print(time.perf_counter() - start)
