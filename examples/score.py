"""Runs an exported file on rows: python3 score.py my.onnx rows.npy

my.json lies beside my.onnx. Noise is left at zero, so that results repeat.
"""
import json, sys
import numpy as np
import onnxruntime as ort

path, rows = sys.argv[1:]
x = np.load(rows)
inputs = json.load(open(path.removesuffix(".onnx") + ".json"))["inputs"]
feeds = {name: np.zeros([len(x), *v["shape"][1:]], v["type"]) for name, v in inputs.items()}
feeds["x"] = x.astype(inputs["x"]["type"])
session = ort.InferenceSession(path)
results = dict(zip([one.name for one in session.get_outputs()], session.run(None, feeds)))
print(json.dumps({name: value.tolist() for name, value in results.items()}))
